package transport

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// foreignRegistry answers as other.example, which wants an anonymous token, and as its token
// service.
func foreignRegistry(realm string) answer {
	return protected("Bearer t", `Bearer realm="`+realm+`",scope="repository:y:pull"`, `{"token":"t"}`)
}

func TestAForeignRegistryIsReadWithAnAnonymousTokenOfItsOwn(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{foreignRegistry("https://auth.r.io/token")}}
	l := authOf(next, authn.AuthConfig{Username: "u", Password: "canary-Passw0rd"})
	for range 2 {
		resp, err := l.roundTrip(t.Context(), requestTo(t, "https://other.example/v2/y"))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
	}
	var sent []string
	for _, req := range next.seen {
		sent = append(sent, req.url.Host+" "+req.Header.Get("Authorization"))
	}
	want := []string{"other.example ", "auth.r.io ", "other.example Bearer t", "other.example Bearer t"}
	if !slices.Equal(sent, want) {
		t.Errorf("%q", sent)
	}
}

// TestATokenIsForOneOrigin: neither the registry nor another host sees it.
func TestATokenIsForOneOrigin(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{foreignRegistry("https://auth.r.io/token")}}
	l := authOf(next, authn.AuthConfig{})
	if _, err := l.roundTrip(t.Context(), requestTo(t, "https://other.example/v2/y")); err != nil {
		t.Fatal(err)
	}
	next.answers = []answer{status(http.StatusOK)}
	for _, to := range []string{
		"https://r.io/v2/y", "https://third.example/", "http://other.example/", "https://other.example:8443/",
	} {
		before := len(next.seen)
		if _, err := l.roundTrip(t.Context(), requestTo(t, to)); err != nil {
			t.Fatal(err)
		}
		if sent := next.seen[before].Header.Get("Authorization"); sent != "" {
			t.Errorf("%s was sent %q", to, sent)
		}
	}
}

func TestAForeignHostGetsNoCredentials(t *testing.T) {
	t.Parallel()
	for challenge, want := range map[string]failure.Kind{
		`Basic realm="storage"`:                            "", // its 401 is the answer
		`Bearer realm="http://auth.r.io/token"`:            failure.Refused,
		`Bearer realm="https://169.254.169.254/token"`:     failure.Refused,
		`Bearer realm="https://user:pass@auth.r.io/token"`: failure.Protocol,
	} {
		next := &fakeLink{answers: []answer{status(http.StatusUnauthorized, "WWW-Authenticate", challenge)}}
		l := authOf(next, authn.AuthConfig{Username: "u", Password: "canary-Passw0rd"})
		resp, err := l.roundTrip(t.Context(), requestTo(t, "https://storage.example/x"))
		if want == "" && (err != nil || resp.StatusCode != http.StatusUnauthorized) ||
			want != "" && !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", challenge, resp, err)
		}
		if len(next.seen) != 1 || next.seen[0].Header.Get("Authorization") != "" {
			t.Errorf("%s: %q", challenge, next.urls())
		}
	}
}
