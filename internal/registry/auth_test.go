package registry

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

const user = "canary-user"

func basicOf(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// wantBasic makes a registry ask for basic authentication.
func (s *stand) wantBasic(username, password string) {
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == basicOf(username, password) {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
}

// tokens is a token service.
type tokens struct {
	*stand
	forms  []url.Values
	issued atomic.Int64
	life   float64 // seconds, 0 to leave it out
}

func (s *tokens) latest() string { return fmt.Sprintf("%s-%d", canaryToken, s.issued.Load()) }

// newTokens makes a server a token service, which issues tokens for requests that allow accepts.
func newTokens(t *testing.T, server *stand, allow func(r *http.Request) bool) *tokens {
	s := &tokens{stand: server}
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		r.ParseForm()
		s.forms = append(s.forms, r.Form)
		if !allow(r) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(
				w, `{"errors":[{"code":"UNAUTHORIZED","message":"not with %s %s"}]}`, r.Header.Get("Authorization"),
				r.Form.Get("refresh_token"),
			)
			return true
		}
		s.issued.Add(1)
		fmt.Fprintf(w, `{"token":%q`, s.latest())
		if s.life != 0 {
			fmt.Fprintf(w, `,"expires_in":%g`, s.life)
		}
		fmt.Fprint(w, `}`)
		return true
	}
	return s
}

// wantToken makes a registry ask for a token of this service, and accept its latest.
func (s *stand) wantToken(from *tokens) { s.wantTokenOf(from, from.URL+"/token") }

func (s *stand) wantTokenOf(from *tokens, realm string) {
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if from.issued.Load() > 0 && r.Header.Get("Authorization") == "Bearer "+from.latest() {
			return false
		}
		w.Header().Set(
			"WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="stand",scope="repository:x:pull"`, realm),
		)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"you sent %s"}]}`, r.Header.Get("Authorization"))
		return true
	}
}

func anyone(*http.Request) bool { return true }

func withPassword(host string) map[string]transport.Host {
	return map[string]transport.Host{host: {Username: user, Password: canaryPassword}}
}

func TestBasicCredentialsAreSentOnceTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantBasic(user, canaryPassword)
	config := quick(t)
	config.Transport.Hosts = withPassword(s.host())
	c := newClient(t, config)
	mustResolve(t, c, s.host()+"/x:1", "")
	if got := s.headers("Authorization"); len(got) != 2 || len(s.requests()) != 3 {
		t.Errorf("%d of %q were authorized", len(got), s.requests())
	}
}

func TestCredentialsAreNotOfferedToARegistryThatAsksForNone(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	config := quick(t)
	config.Transport.Hosts = withPassword(s.host())
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
	if got := s.headers("Authorization"); got != nil {
		t.Errorf("%q", got)
	}
}

func TestRefusedCredentialsAreNotSentAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.wantBasic(user, "another")
	config := quick(t)
	config.Transport.Hosts, config.Manifests = withPassword(s.host()), &memory{}
	_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
	assertKind(t, err, failure.Unauthorized)
	// without, with, and for the words
	want := []string{"HEAD /v2/x/manifests/1", "HEAD /v2/x/manifests/1", "GET /v2/x/manifests/1"}
	if diff := cmp.Diff(want, s.requests()); diff != "" {
		t.Error(diff)
	}
}

func TestTokensComeFromARealmOnAnotherPortWithTheRegistrysCredentials(t *testing.T) {
	t.Parallel()
	s, realm := newStand(t), newTokens(t, newStand(t), func(r *http.Request) bool {
		return r.Method == http.MethodGet && r.Header.Get("Authorization") == basicOf(user, canaryPassword)
	})
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantToken(realm)
	config := quick(t)
	config.Transport.Hosts = withPassword(s.host())
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
	if diff := cmp.Diff([]url.Values{{"scope": {"repository:x:pull"}, "service": {"stand"}}}, realm.forms); diff != "" {
		t.Error(diff)
	}
	for _, sent := range s.headers("Authorization") {
		if sent != "Bearer "+realm.latest() {
			t.Errorf("the registry got %q", sent)
		}
	}
}

func TestPublicImagesAreReadWithAnAnonymousToken(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	realm := newTokens(t, newStand(t), func(r *http.Request) bool { return r.Header.Get("Authorization") == "" })
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantToken(realm)
	mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "")
}

func TestFortyReadersAuthenticateOnce(t *testing.T) {
	t.Parallel()
	s, realm := newStand(t), newTokens(t, newStand(t), anyone)
	data := randomBytes(4096)
	s.image("x", "1", "linux/amd64", data)
	s.wantToken(realm)
	c := newClient(t, quick(t))
	image := mustResolve(t, c, s.host()+"/x:1", "")
	realm.issued.Add(1) // the token that the client has is not good any more
	var readers sync.WaitGroup
	for i := range 40 {
		readers.Go(func() {
			p := make([]byte, 10)
			if _, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(p, int64(i)); err != nil ||
				!bytes.Equal(p, data[i:i+10]) {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	if n := len(realm.requests()); n != 2 {
		t.Errorf("%d tokens were asked for, want one before and one after", n)
	}
}

func TestAnExpiredTokenIsRenewedBeforeItIsRefused(t *testing.T) {
	t.Parallel()
	s, realm := newStand(t), newTokens(t, newStand(t), anyone)
	realm.life = 0.2
	s.image("x", "1", "linux/amd64", []byte("abc"))
	s.wantToken(realm)
	c := newClient(t, quick(t))
	image := mustResolve(t, c, s.host()+"/x:1", "")
	time.Sleep(200 * time.Millisecond)
	s.forget()
	if _, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0); err != nil {
		t.Fatal(err)
	}
	if got := s.requests(); len(got) != 1 || realm.issued.Load() != 2 {
		t.Errorf("%q, %d tokens", got, realm.issued.Load())
	}
}

func TestARegistryThatRefusesEveryTokenEndsTheReading(t *testing.T) {
	t.Parallel()
	s, realm := newStand(t), newTokens(t, newStand(t), anyone)
	s.wantToken(realm)
	accepts := s.intercept
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		r.Header.Set("Authorization", r.Header.Get("Authorization")+"x")
		return accepts(w, r)
	}
	config := quick(t)
	config.Transport.Hosts = withPassword(s.host())
	_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
	e := assertKind(t, err, failure.Unauthorized)
	if e.CredentialSource != failure.SourceConfiguration || e.Host != s.host() || e.Code != "UNAUTHORIZED" {
		t.Errorf("%+v", e)
	}
	if len(s.requests()) > 2 || len(realm.requests()) > 1 {
		t.Errorf("%d requests, %d tokens", len(s.requests()), len(realm.requests()))
	}
}

func TestRefusedCredentialsSayWhoseTheyWere(t *testing.T) {
	t.Parallel()
	basic, bearer := newStand(t), newStand(t)
	basic.wantBasic(user, "another")
	bearer.wantToken(newTokens(t, newStand(t), func(*http.Request) bool { return false }))
	for _, s := range []*stand{basic, bearer} {
		inDocker := dockerConfig(t, map[string]any{"auths": map[string]any{s.host(): map[string]string{
			"auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + canaryPassword)),
		}}})
		for want, config := range map[string]transport.Config{
			"":                          {},
			failure.SourceConfiguration: {Hosts: withPassword(s.host()), DockerConfigDir: inDocker},
			failure.SourceDocker:        {DockerConfigDir: inDocker},
		} {
			all := quick(t)
			all.Transport.Hosts = config.Hosts
			if config.DockerConfigDir != "" {
				all.Transport.DockerConfigDir = config.DockerConfigDir
			}
			_, err := newClient(t, all).Resolve(t.Context(), s.host()+"/x:1", "")
			if e := assertKind(t, err, failure.Unauthorized); e.CredentialSource != want {
				t.Errorf("source %q, want %q: %v", e.CredentialSource, want, e)
			}
		}
	}
}

func TestAnIdentityTokenIsExchangedByPost(t *testing.T) {
	t.Parallel()
	s, realm := newStand(t), newTokens(t, newStand(t), func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.PostForm.Get("grant_type") == "refresh_token" &&
			r.PostForm.Get("refresh_token") == canaryIdentity &&
			r.PostForm.Get("scope") == "repository:x:pull" && r.PostForm.Get("service") == "stand" &&
			r.Header.Get("Authorization") == ""
	})
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantToken(realm)
	config := quick(t)
	config.Transport.DockerConfigDir = dockerConfig(t, map[string]any{
		"auths": map[string]any{s.host(): map[string]string{"identitytoken": canaryIdentity}},
	})
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
	if realm.issued.Load() != 1 {
		t.Error(realm.requests())
	}
}

func TestARefusedIdentityTokenDoesNotShow(t *testing.T) {
	t.Parallel()
	s, realm := newStand(t), newTokens(t, newStand(t), func(*http.Request) bool { return false })
	s.wantToken(realm)
	config := quick(t)
	config.Transport.DockerConfigDir = dockerConfig(t, map[string]any{
		"auths": map[string]any{s.host(): map[string]string{"identitytoken": canaryIdentity}},
	})
	_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
	e := assertKind(t, err, failure.Unauthorized)
	if e.Host != realm.host() || e.Action != "getting a token" || e.CredentialSource != failure.SourceDocker {
		t.Errorf("%+v", e)
	}
}

func TestARegistryTokenIsUsedAsItIs(t *testing.T) {
	t.Parallel()
	s, realm := newStand(t), newTokens(t, newStand(t), anyone)
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantToken(realm)
	realm.issued.Add(1)
	config := quick(t)
	config.Transport.DockerConfigDir = dockerConfig(t, map[string]any{
		"auths": map[string]any{s.host(): map[string]string{"registrytoken": realm.latest()}},
	})
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
	if got := realm.requests(); got != nil {
		t.Error(got)
	}
}

func TestAChallengeThatCannotBeAnsweredIsUnauthorized(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "Negotiate", `Bearer realm=""`, `Bearer service="x"`, `Bearer realm="ftp://x/y"`,
		`Bearer realm="http://u:` + canaryPassword + `@127.0.0.1/x"`, `Bearer realm="://` + canaryQuery + `"`,
	} {
		s := newStand(t)
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("WWW-Authenticate", line)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		config := quick(t)
		config.Transport.Hosts = withPassword(s.host())
		_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
		want := failure.Unauthorized
		switch {
		case strings.Contains(line, "ftp"):
			want = failure.Refused
		case strings.HasPrefix(line, "Bearer"):
			want = failure.Protocol
		}
		assertKind(t, err, want)
	}
}

func TestTheTokenServiceMayNotRedirectToAnotherHost(t *testing.T) {
	t.Parallel()
	elsewhere := newStand(t)
	s, realm := newStand(t), newTokens(t, newStand(t), anyone)
	s.wantToken(realm)
	realm.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, elsewhere.URL+"/token", http.StatusTemporaryRedirect)
		return true
	}
	for _, auth := range []map[string]string{
		{"identitytoken": canaryIdentity}, {"username": user, "password": canaryPassword},
	} {
		config := quick(t)
		config.Transport.DockerConfigDir = dockerConfig(t, map[string]any{"auths": map[string]any{s.host(): auth}})
		_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
		assertKind(t, err, failure.Refused)
	}
	if got := elsewhere.requests(); got != nil {
		t.Errorf("%q", got)
	}
}
