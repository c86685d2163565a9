package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// The four hosts of the campaign. The mirror wants a password, the registry a token, and both
// redirect to one blob store.
const (
	roleMirror = "mirror.example.com"
	roleOrigin = "registry.example.com"
	roleTokens = "auth.example.com"
	roleBlobs  = "blobs.example.com"
)

var roles = []string{roleMirror, roleOrigin, roleTokens, roleBlobs}

// fault is what is wrong with a host. answer is nil where no server is reached, or not the right
// one.
type fault struct {
	name   string
	answer func(w http.ResponseWriter, r *http.Request) bool
	atDial func(network string) error // instead of a connection
	badTLS bool                       // a certificate that nothing vouches for
	lies   bool                       // the answer is believed until it is looked at: nothing else is asked
}

func writeHTML(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><body>Please sign in</body></html>")
	return true
}

// writeWrong answers what is named by its digest with other bytes of the same kind.
func writeWrong(w http.ResponseWriter, r *http.Request) bool {
	if !strings.Contains(r.URL.Path, "sha256:") && !strings.HasSuffix(r.URL.Path, "/token") {
		return false
	}
	_, _ = io.WriteString(w, `{"schemaVersion": 2}`)
	return true
}

var faults = []fault{
	{name: "401", answer: withStatus(401)},
	{name: "403", answer: withStatus(403)},
	{name: "404", answer: withStatus(404)},
	{name: "429", answer: withStatus(429)},
	{name: "500", answer: withStatus(500)},
	{name: "503", answer: withStatus(503)},
	{name: "hang", answer: hanging},
	{name: "break", answer: breaking},
	{name: "HTML", answer: writeHTML, lies: true},
	{name: "wrong digest", answer: writeWrong, lies: true},
	{name: "refused", atDial: func(network string) error {
		return &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}},
	{name: "TLS", badTLS: true},
}

// pipeListener accepts connections that are pipes, so that the clock of a synctest bubble counts.
type pipeListener struct {
	connections chan net.Conn
	closed      chan struct{}
	close       func()
}

func newPipeListener() *pipeListener {
	l := &pipeListener{connections: make(chan net.Conn), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	return l
}

// newPipeStand starts a stand with TLS behind a listener. Without a certificate it has httptest's.
func newPipeStand(t *testing.T, l *pipeListener, certificates ...tls.Certificate) *stand {
	return startStand(t, func(server *httptest.Server) {
		_ = server.Listener.Close()
		server.Listener = l
		server.TLS = &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}
		server.StartTLS()
	})
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.connections:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.close()
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.connections <- far:
		return near, nil
	case <-l.closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// scene is one run: four hosts, some of them with a fault.
type scene struct {
	stands  map[string]*stand
	lines   map[string]*pipeListener
	faulty  map[string]fault
	strange *stand // has another certificate
	astray  *pipeListener
}

func newScene(t *testing.T, strange tls.Certificate, faulty map[string]fault) *scene {
	s := &scene{
		stands: map[string]*stand{}, lines: map[string]*pipeListener{}, faulty: faulty, astray: newPipeListener(),
	}
	for _, role := range roles {
		s.lines[role] = newPipeListener()
		s.stands[role] = newPipeStand(t, s.lines[role])
		s.stands[role].image("x", "1", "linux/amd64", []byte("the layer"))
	}
	s.strange = newPipeStand(t, s.astray, strange)
	mirror, origin := s.stands[roleMirror], s.stands[roleOrigin]
	mirror.wantBasic("m", canaryIdentity)
	realm := newTokens(t, s.stands[roleTokens], func(r *http.Request) bool {
		return r.Header.Get("Authorization") == basicOf(user, canaryPassword)
	})
	origin.wantTokenOf(realm, "https://"+roleTokens+"/token")
	for _, at := range []*stand{mirror, origin} {
		authorize := at.intercept
		at.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if authorize(w, r) {
				return true
			}
			if strings.Contains(r.URL.Path, "/blobs/") {
				http.Redirect(w, r, "https://"+roleBlobs+r.URL.Path, http.StatusTemporaryRedirect)
				return true
			}
			return false
		}
	}
	for role, broken := range faulty {
		well := s.stands[role].intercept
		s.stands[role].intercept = func(w http.ResponseWriter, r *http.Request) bool {
			return broken.answer != nil && broken.answer(w, r) || well != nil && well(w, r)
		}
	}
	return s
}

func (s *scene) client(t *testing.T) *Client {
	config := quick(t)
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		role := strings.TrimSuffix(address, ":443")
		to, broken := s.lines[role], s.faulty[role]
		switch {
		case to == nil:
			return nil, fmt.Errorf("no server of this test is at %s", address)
		case broken.atDial != nil:
			return nil, broken.atDial(network)
		case broken.badTLS:
			to = s.astray
		}
		return to.dial(ctx)
	}
	t.Cleanup(base.CloseIdleConnections)
	config.Transport.Base = base
	config.Transport.CACertificates = s.stands[roleMirror].ca()
	config.Transport.Limits, config.Transport.Retry = transport.Limits{}, transport.Retry{}
	config.Transport.Hosts = map[string]transport.Host{
		roleOrigin: {Username: user, Password: canaryPassword, Mirrors: []string{roleMirror}},
		roleMirror: {Username: "m", Password: canaryIdentity},
		roleBlobs:  {}, roleTokens: {}, // which are on loopback here
	}
	return newClient(t, config)
}

// read resolves the image, and reads its layer whole and in part.
func (s *scene) read(t *testing.T, c *Client) error {
	image, data, err := readAll(t, c, roleOrigin+"/x:1")
	if err != nil {
		return err
	}
	part := make([]byte, 5)
	if _, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(part, 4); err != nil {
		return err
	}
	if string(data) != "the layer" || image.Repository != roleOrigin+"/x" {
		return fmt.Errorf("wrong content: %q of %s", data, image.Repository)
	}
	if _, faulty := s.faulty[roleBlobs]; string(part) != "layer" && !faulty { // a part has no digest
		return fmt.Errorf("wrong part: %q", part)
	}
	return nil
}

// assertCredentialsStay holds that each host was sent its own credentials or none.
func (s *scene) assertCredentialsStay(t *testing.T) {
	t.Helper()
	own := map[string]string{ // how the header begins
		roleMirror: basicOf("m", canaryIdentity), roleTokens: basicOf(user, canaryPassword),
		roleOrigin: "Bearer " + canaryToken,
	}
	for _, role := range roles {
		begins, has := own[role]
		for _, sent := range s.stands[role].headers("Authorization") {
			if !has || !strings.HasPrefix(sent, begins) {
				t.Errorf("%s was sent %s", role, sent)
			}
		}
	}
	if len(s.strange.seen) > 0 {
		t.Error("something was sent to a host without a trusted certificate")
	}
}

// mustServe returns whether the faults leave a way to the image.
func (s *scene) mustServe() bool {
	_, blobs := s.faulty[roleBlobs]
	mirror, atMirror := s.faulty[roleMirror]
	_, atOrigin := s.faulty[roleOrigin]
	_, atTokens := s.faulty[roleTokens]
	return !blobs && (!atMirror || !mirror.lies && !atOrigin && !atTokens)
}

// TestEveryTwoFaultsGiveTheRightContentOrTheRightHost puts each fault at each host, alone and with
// each other fault at each other host.
func TestEveryTwoFaultsGiveTheRightContentOrTheRightHost(t *testing.T) {
	t.Parallel()
	certificate, key := registrytest.NewClientPair(t)
	strange, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, faulty map[string]fault) {
		synctest.Test(t, func(t *testing.T) { runScene(t, newScene(t, strange, faulty)) })
	}
	for i, one := range roles {
		for _, first := range faults {
			t.Run(one+" "+first.name, func(t *testing.T) {
				t.Parallel()
				run(t, map[string]fault{one: first})
				for _, other := range roles[i+1:] {
					for _, second := range faults {
						run(t, map[string]fault{one: first, other: second})
					}
				}
			})
		}
	}
}

func runScene(t *testing.T, s *scene) {
	t.Helper()
	faulty := s.faulty
	err := s.read(t, s.client(t))
	defer s.assertCredentialsStay(t)
	var named []string
	for role, broken := range faulty {
		named = append(named, role+" "+broken.name)
	}
	slices.Sort(named)
	label := strings.Join(named, ", ")
	if err == nil {
		return
	}
	e, typed := errors.AsType[*failure.Error](err)
	switch {
	case s.mustServe():
		t.Errorf("%s: another way is left, and yet: %v", label, err)
	case !typed:
		t.Errorf("%s: %v", label, err)
	case faulty[e.Host].name == "":
		t.Errorf("%s: the error names %q: %v", label, e.Host, err)
	}
	assertNoSecret(t, fmt.Sprintf("%v %+v", err, err))
}
