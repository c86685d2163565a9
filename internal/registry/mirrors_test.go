package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// hostsDir opens a directory of hosts.toml files, by host.
func hostsDir(t *testing.T, files map[string]string) *hostsdir.Dir {
	t.Helper()
	root := t.TempDir()
	for host, content := range files {
		if err := os.MkdirAll(filepath.Join(root, host), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, host, "hosts.toml"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir, faults := hostsdir.Open(root)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return dir
}

// mirrored is a registry at registry.example.com, in plain HTTP, with a mirror.
type mirrored struct{ mirror, origin *stand }

const originHost = "registry.example.com"

// newMirrored starts both, each with the same image.
func newMirrored(t *testing.T) mirrored {
	m := mirrored{newStand(t), newStand(t)}
	for _, s := range []*stand{m.mirror, m.origin} {
		s.image("x", "1", "linux/amd64", []byte("layer"))
	}
	return m
}

// config leads to both, and to nothing else.
func (m mirrored) config(t *testing.T) Config {
	config := quick(t)
	config.Transport.Base = names(map[string]*stand{m.mirror.host(): m.mirror, originHost + ":80": m.origin})
	config.Transport.Hosts = map[string]transport.Host{
		originHost: {PlainHTTP: true, Mirrors: []string{"http://" + m.mirror.host()}},
	}
	return config
}

// readAll resolves the image and reads its layer.
func readAll(t *testing.T, c *Client, reference string) (*Image, []byte, error) {
	t.Helper()
	image, err := c.Resolve(t.Context(), reference, "")
	if err != nil {
		return nil, nil, err
	}
	stream, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		return image, nil, err
	}
	defer stream.Close()
	data, err := io.ReadAll(stream)
	return image, data, err
}

func TestImagesOfDockerHubComeFromAMirrorAndKeepTheirNames(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string]func(*transport.Config, string){
		"mirrors": func(c *transport.Config, mirror string) {
			c.Hosts = map[string]transport.Host{"docker.io": {Mirrors: []string{mirror}}}
		},
		"hosts.toml": func(c *transport.Config, mirror string) {
			c.HostsDir = hostsDir(t, map[string]string{"docker.io": fmt.Sprintf(
				"server = \"https://docker.io\"\n[host.\"http://%s\"]\ncapabilities = [\"pull\", \"resolve\"]", mirror)})
		},
		"the server of _default": func(c *transport.Config, mirror string) {
			c.HostsDir = hostsDir(t, map[string]string{"_default": fmt.Sprintf("server = \"http://%s\"", mirror)})
		},
		"mirrors before hosts.toml": func(c *transport.Config, mirror string) {
			c.Hosts = map[string]transport.Host{"docker.io": {Mirrors: []string{mirror}}}
			c.HostsDir = hostsDir(t, map[string]string{"docker.io": `server = "http://127.0.0.1:1"`})
		},
	} {
		s := newStand(t)
		s.image("library/nginx", "1", "linux/amd64", []byte("layer"))
		config := quick(t)
		config.Transport.Base = names(map[string]*stand{s.host(): s})
		configure(&config.Transport, s.host())
		image, data, err := readAll(t, newClient(t, config), "nginx:1")
		if err != nil || string(data) != "layer" {
			t.Errorf("%s: %q, %v", name, data, err)
			continue
		}
		if image.Repository != "docker.io/library/nginx" || image.Reference != "nginx:1" ||
			!strings.HasPrefix(image.Source, "docker.io/library/nginx by way of "+s.host()+"/v2") {
			t.Errorf("%s: %+v", name, image)
		}
		for _, r := range s.seen {
			if r.URL.Query().Get("ns") != "docker.io" {
				t.Errorf("%s: %s does not name the registry", name, r.URL)
			}
		}
	}
}

// hanging never answers.
func hanging(_ http.ResponseWriter, r *http.Request) bool {
	<-r.Context().Done()
	return true
}

func withStatus(status int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		return true
	}
}

func breaking(w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		conn.Close()
	}
	return true
}

func TestTheRegistryIsAskedWhereItsMirrorFails(t *testing.T) {
	t.Parallel()
	for name, intercept := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"401": withStatus(401), "403": withStatus(403), "404": withStatus(404), "429": withStatus(429), "500": withStatus(500),
		"503": withStatus(503), "hanging": hanging, "breaking": breaking,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMirrored(t)
			m.mirror.intercept = intercept
			config := m.config(t)
			config.Transport.Limits.HeaderTimeout = 100 * time.Millisecond
			image, data, err := readAll(t, newClient(t, config), originHost+"/x:1")
			if err != nil || string(data) != "layer" || image.Repository != originHost+"/x" {
				t.Fatalf("%+v, %q, %v", image, data, err)
			}
			asked := m.mirror.requests()
			slices.Sort(asked)
			if len(slices.Compact(slices.Clone(asked))) != len(asked) {
				t.Errorf("the mirror was asked again and again: %q", asked)
			}
			if slices.ContainsFunc(m.origin.seen, func(r *http.Request) bool { return r.URL.Query().Has("ns") }) {
				t.Error("the registry itself was asked for a namespace")
			}
			// What cannot be reached is not waited for with each request.
			if name == "hanging" && len(asked) != 1 {
				t.Errorf("a mirror that hangs was asked %d times", len(asked))
			}
		})
	}
}

func TestAMirrorThatIsTrustedWithContentAloneIsNotAskedForTags(t *testing.T) {
	t.Parallel()
	m := newMirrored(t)
	config := m.config(t)
	config.Transport.Hosts = map[string]transport.Host{originHost: {PlainHTTP: true}}
	config.Transport.HostsDir = hostsDir(t, map[string]string{originHost: fmt.Sprintf(
		"[host.\"http://%s/team\"]\ncapabilities = [\"pull\"]", m.mirror.host())})
	config.Manifests = &memory{}
	inner := m.mirror.inner
	m.mirror.inner = http.StripPrefix("/team", inner)
	if _, data, err := readAll(t, newClient(t, config), originHost+"/x:1"); err != nil || string(data) != "layer" {
		t.Fatal(err)
	}
	if got := m.origin.requests(); !slices.Equal(got, []string{"HEAD /v2/x/manifests/1"}) {
		t.Errorf("the registry was asked %q", got)
	}
	for _, r := range m.mirror.requests() {
		if !strings.Contains(r, " /team/v2/x/") || strings.HasSuffix(r, "/manifests/1") {
			t.Errorf("the mirror was asked %s", r)
		}
	}
}

// TestMirrorsTakeThePlaceOfTheHostsInAFileAndNotOfItsServer, be it named or not.
func TestMirrorsTakeThePlaceOfTheHostsInAFileAndNotOfItsServer(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"", "http://" + originHost} {
		m := newMirrored(t)
		m.mirror.intercept = withStatus(http.StatusNotFound)
		config := m.config(t)
		config.Transport.HostsDir = hostsDir(t, map[string]string{originHost: fmt.Sprintf(
			"server = %q\n[header]\nx-own = \"%s\"\n[host.\"http://unused.example.com\"]", server, canaryToken)})
		if _, _, err := readAll(t, newClient(t, config), originHost+"/x:1"); err != nil {
			t.Errorf("%q: %v", server, err)
		}
		if sent := m.origin.headers("X-Own"); len(sent) == 0 || len(sent) != len(m.origin.seen) {
			t.Errorf("%q: the server's header was sent with %d of %d requests", server, len(sent), len(m.origin.seen))
		}
	}
}

func TestNoEndpointThatResolvesIsAnErrorThatSaysSo(t *testing.T) {
	t.Parallel()
	config := quick(t)
	config.Transport.HostsDir = hostsDir(t, map[string]string{"_default": `capabilities = ["pull"]`})
	_, err := newClient(t, config).Resolve(t.Context(), "r.example.com/x:1", "")
	if e := assertKind(t, err, failure.Unreachable); !strings.Contains(e.Error(), "capabilities") {
		t.Error(e)
	}
}

func TestEachHostHasItsOwnCredentialsAndHeaders(t *testing.T) {
	t.Parallel()
	m, storage := newMirrored(t), newStand(t)
	storage.image("x", "1", "linux/amd64", []byte("layer"))
	config := m.config(t)
	config.Transport.Base = names(map[string]*stand{
		m.mirror.host(): m.mirror, originHost + ":80": m.origin, "storage.example.com:80": storage,
	})
	config.Transport.Hosts = map[string]transport.Host{
		originHost:      {PlainHTTP: true, Username: user, Password: canaryPassword},
		m.mirror.host(): {Username: "m", Password: canaryIdentity},
	}
	config.Transport.HostsDir = hostsDir(t, map[string]string{originHost: fmt.Sprintf(
		"[header]\nx-own = \"%s\"\n[host.\"http://%s\"]\n[host.\"http://%[2]s\".header]\nx-mirror = \"%s\"",
		canaryToken, m.mirror.host(), canaryQuery)})
	m.origin.wantBasic(user, canaryPassword)
	m.mirror.wantBasic("m", canaryIdentity)
	wanting := m.mirror.intercept
	m.mirror.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if wanting(w, r) {
			return true
		}
		if strings.Contains(r.URL.Path, "/blobs/") {
			http.Redirect(w, r, "http://storage.example.com"+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		}
		if strings.HasSuffix(r.URL.Path, "/manifests/1") { // so that the registry is asked as well
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	}
	if _, data, err := readAll(t, newClient(t, config), originHost+"/x:1"); err != nil || string(data) != "layer" {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		at         *stand
		basic      string
		own, other string
	}{
		"registry": {m.origin, basicOf(user, canaryPassword), "X-Own", "X-Mirror"},
		"mirror":   {m.mirror, basicOf("m", canaryIdentity), "X-Mirror", "X-Own"},
		"storage":  {storage, "", "", "X-Mirror"},
	} {
		sent := test.at.headers("Authorization")
		if slices.ContainsFunc(sent, func(h string) bool { return h != test.basic }) || (len(sent) > 0) != (test.basic != "") {
			t.Errorf("%s was sent %q", name, sent)
		}
		if got := test.at.headers(test.other); got != nil {
			t.Errorf("%s was sent the header of another: %q", name, got)
		}
		if test.own != "" && len(test.at.headers(test.own)) != len(test.at.seen) {
			t.Errorf("%s was sent its own header with %d of %d", name, len(test.at.headers(test.own)), len(test.at.seen))
		}
	}
	if got := storage.headers("X-Own"); got != nil || len(storage.seen) == 0 {
		t.Errorf("the storage was sent %q", got)
	}
}

func TestAHeaderThatAMirrorRepeatsIsNotShown(t *testing.T) {
	t.Parallel()
	m := newMirrored(t)
	m.mirror.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"errors": [{"code": "DENIED", "message": "not with %s"}]}`, r.Header.Get("X-Mirror"))
		return true
	}
	config := m.config(t)
	config.Transport.Base = names(map[string]*stand{m.mirror.host(): m.mirror})
	config.Transport.Hosts = nil
	config.Transport.HostsDir = hostsDir(t, map[string]string{originHost: fmt.Sprintf(
		"[host.\"http://%s\"]\n[host.\"http://%[1]s\".header]\nx-mirror = \"Bearer %s\"", m.mirror.host(), canaryToken)})
	_, err := newClient(t, config).Resolve(t.Context(), originHost+"/x:1", "")
	if e := assertKind(t, err, failure.Forbidden); !strings.HasPrefix(e.Message, "not with ") {
		t.Errorf("the mirror's words are lost: %v", err)
	}
	if got := m.mirror.headers("X-Mirror"); len(got) == 0 {
		t.Error("the header was not sent")
	}
}

func TestPartsOfABlobComeFromWhereTheFirstCameFrom(t *testing.T) {
	t.Parallel()
	m := newMirrored(t)
	content := randomBytes(100)
	m.origin.image("big", "1", "linux/amd64", content)
	m.mirror.image("big", "1", "linux/amd64", content)
	m.mirror.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, digestOf(content, "")) {
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	}
	c := newClient(t, m.config(t))
	image := mustResolve(t, c, originHost+"/big:1", "")
	m.mirror.forget()
	blob := c.Blob(t.Context(), image, image.Layers[0])
	for off := range int64(5) {
		part := make([]byte, 10)
		if _, err := blob.ReadAt(part, off); err != nil || !bytes.Equal(part, content[off:off+10]) {
			t.Fatal(err)
		}
	}
	if got := m.mirror.requests(); len(got) != 1 {
		t.Errorf("the mirror lacks the blob, and was asked %q", got)
	}
}

// A pull-through cache answers with the whole while it fetches.
func TestRangesThatAMirrorIgnoresComeFromTheRegistry(t *testing.T) {
	t.Parallel()
	m := newMirrored(t)
	m.mirror.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") == "" {
			return false
		}
		_, _ = io.WriteString(w, "layer")
		return true
	}
	c := newClient(t, m.config(t))
	image := mustResolve(t, c, originHost+"/x:1", "")
	part := make([]byte, 2)
	blob := c.Blob(t.Context(), image, image.Layers[0])
	if _, err := blob.ReadAt(part, 1); err != nil || string(part) != "ay" {
		t.Errorf("%q, %v", part, err)
	}
	m.origin.intercept = m.mirror.intercept
	again := c.Blob(t.Context(), image, image.Layers[0])
	for range 2 {
		_, err := again.ReadAt(part, 1)
		assertKind(t, err, failure.RangeIgnored)
	}
	m.origin.forget()
	if _, err := again.ReadAt(part, 1); err == nil || len(m.origin.requests()) > 0 {
		t.Errorf("what is ignored is asked again: %v", err)
	}
}

func TestAMirrorThatFailsInPassingIsAskedAgainWhenNothingElseIsLeft(t *testing.T) {
	t.Parallel()
	m := newMirrored(t)
	failed := map[string]bool{}
	m.mirror.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		first := !failed[r.Method+r.URL.Path]
		failed[r.Method+r.URL.Path] = true
		if first {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return first
	}
	config := m.config(t)
	config.Transport.Base = names(map[string]*stand{m.mirror.host(): m.mirror})
	if _, data, err := readAll(t, newClient(t, config), originHost+"/x:1"); err != nil || string(data) != "layer" {
		t.Error(err)
	}
}

func TestTheErrorNamesEveryEndpointThatFailed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mirror, origin int
		kind           failure.Kind
		byMirror       bool
	}{
		"both lack it":              {404, 404, failure.NotFound, false},
		"the mirror refuses":        {403, 404, failure.Forbidden, true},
		"the registry refuses":      {404, 401, failure.Unauthorized, false},
		"the registry fails":        {404, 500, failure.Unavailable, false},
		"no registry, no such name": {404, 0, failure.NotFound, true},
	} {
		m := newMirrored(t)
		m.mirror.intercept, m.origin.intercept = withStatus(test.mirror), withStatus(test.origin)
		config := m.config(t)
		if test.origin == 0 {
			config.Transport.Base = names(map[string]*stand{m.mirror.host(): m.mirror})
		}
		_, err := newClient(t, config).Resolve(t.Context(), originHost+"/x:1", "")
		e := assertKind(t, err, test.kind)
		host, other := originHost, m.mirror.host()
		if test.byMirror {
			host, other = other, host
		}
		if e.Host != host || len(e.Others) != 1 || e.Others[0].Host != other {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAMirrorThatIsAWebSiteIsPassedOver, as one is that has not the image.
func TestAMirrorThatIsAWebSiteIsPassedOver(t *testing.T) {
	t.Parallel()
	m := newMirrored(t)
	m.mirror.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = io.WriteString(w, "<html>welcome</html>")
		return true
	}
	mustResolve(t, newClient(t, m.config(t)), originHost+"/x:1", "")
}

func TestAMirrorWithWrongContentIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at   string
		kind failure.Kind
	}{
		"a text instead of a manifest": {"/manifests/", failure.Malformed},
		"another configuration":        {"/blobs/", failure.DigestMismatch},
	} {
		m := newMirrored(t)
		m.mirror.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, test.at) {
				return false
			}
			_, _ = io.WriteString(w, "welcome")
			return true
		}
		_, err := newClient(t, m.config(t)).Resolve(t.Context(), originHost+"/x:1", "")
		if e := assertKind(t, err, test.kind); e.Host != m.mirror.host() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutAnEndpointNothingIsSentToWhatIsPending(t *testing.T) {
	t.Parallel()
	m := newMirrored(t)
	config := m.config(t)
	config.Transport.Hosts[m.mirror.host()] = transport.Host{Pending: true}
	_, err := newClient(t, config).Resolve(t.Context(), originHost+"/x:1", "")
	assertKind(t, err, failure.Pending)
	if len(m.mirror.seen)+len(m.origin.seen) > 0 {
		t.Error("something was asked")
	}
}

func TestInvalidMirrorsAreRefused(t *testing.T) {
	t.Parallel()
	for _, mirror := range []string{"", "https://u:canary-Passw0rd@m", "ftp://m", "-", "m?x"} {
		config := transport.Config{Hosts: map[string]transport.Host{"r.io": {Mirrors: []string{mirror}}}}
		_, err := transport.New(config)
		if err == nil {
			t.Errorf("%q is accepted", mirror)
			continue
		}
		assertNoSecret(t, err.Error())
	}
	if _, err := transport.New(transport.Config{CACertificates: "x"}); !errors.Is(err, transport.ErrCACertificates) {
		t.Error(err)
	}
}
