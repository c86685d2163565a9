package transport

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// authOf returns the link of a registry r.io for which these credentials are found.
func authOf(next link, config authn.AuthConfig) *authLink {
	return &authLink{
		next: next, tokens: newTokenLink(next), destinations: destinationsOf("r.io", nil), scope: "repository:x:pull",
		clientID: "test",
		secrets:  new(redact.Secrets), renewing: make(chan struct{}, 1),
		lookUp: func(context.Context) (credentials, error) {
			return credentials{config: config, source: failure.SourceDocker}, nil
		},
	}
}

// protected answers as a registry that wants one header, and as the token service at auth.r.io.
func protected(want, challenge, token string) answer {
	return func(req Request) (*http.Response, error) {
		switch {
		case strings.EqualFold(req.url.Hostname(), "auth.r.io"):
			return withBody(200, token)(req)
		case req.Header.Get("Authorization") == want:
			return status(200)(req)
		}
		return status(401, "WWW-Authenticate", challenge)(req)
	}
}

const bearer = `Bearer realm="https://auth.r.io/token",service="r"`

func TestAChallengeIsAnsweredAndTheAnswerKept(t *testing.T) {
	t.Parallel()
	password := authn.AuthConfig{Username: "u", Password: "canary-Passw0rd"}
	basic := credentials{config: password}.basicHeader()
	for name, test := range map[string]struct {
		registry answer
		config   authn.AuthConfig
		requests []int // after each of two
	}{
		"basic": {protected(basic, `Basic realm="r"`, ""), password, []int{2, 3}},
		"a token": {
			protected("Bearer t", bearer, `{"token":"t","expires_in":300}`), authn.AuthConfig{}, []int{3, 4},
		},
		"a known token":   {protected("Bearer t", bearer, ""), authn.AuthConfig{RegistryToken: "t"}, []int{2, 3}},
		"nothing to send": {protected(basic, `Basic realm="r"`, ""), authn.AuthConfig{}, []int{1, 2}},
		"another scheme":  {protected(basic, `Negotiate`, ""), password, []int{1, 2}},
		"refused":         {protected("another", `Basic realm="r"`, ""), password, []int{2, 3}},
	} {
		next := &fakeLink{answers: []answer{test.registry}}
		l := authOf(next, test.config)
		var requests []int
		for range 2 {
			if _, err := l.roundTrip(t.Context(), requestTo(t, "https://r.io/v2/x")); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			requests = append(requests, len(next.seen))
		}
		if !slices.Equal(requests, test.requests) {
			t.Errorf("%s: %v requests", name, requests)
		}
	}
}

// TestCredentialsGoToTheRegistryAndItsRealmAlone though every other host asks for them, at the same
// realm.
func TestCredentialsGoToTheRegistryAndItsRealmAlone(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{func(req Request) (*http.Response, error) {
		token, want := `{"token":"anonymous"}`, "Bearer anonymous"
		if strings.HasPrefix(req.Header.Get("Authorization"), "Basic ") {
			token = `{"token":"ours"}`
		}
		if strings.HasPrefix(req.url.String(), "https://r.io/") {
			want = "Bearer ours"
		}
		return protected(want, bearer, token)(req)
	}}}
	l := authOf(next, authn.AuthConfig{Username: "u", Password: "canary-Passw0rd"})
	for _, to := range []string{
		"https://r.io/v2/x", "https://storage.example/x", "http://r.io/v2/x", "https://r.io:8443/v2/x",
		"https://a.r.io/x",
	} {
		if _, err := l.roundTrip(t.Context(), requestTo(t, to)); err != nil {
			t.Fatal(err)
		}
	}
	passwords := 0
	for _, req := range next.seen {
		sent, isRealm := req.Header.Get("Authorization"), req.url.Host == "auth.r.io"
		switch {
		case isRealm && strings.HasPrefix(sent, "Basic "):
			passwords++
		case strings.HasPrefix(req.url.String(), "https://r.io/") && sent == "Bearer ours":
		case sent != "" && (isRealm || sent != "Bearer anonymous"):
			t.Errorf("%s was sent %q", req.url, sent)
		}
	}
	if passwords != 1 {
		t.Errorf("the password was sent %d times", passwords)
	}
}

func TestARealmIsJudgedBeforeItIsAsked(t *testing.T) {
	t.Parallel()
	for realm, want := range map[string]failure.Kind{
		"http://auth.r.io/token": failure.Refused, "https://169.254.169.254/": failure.Refused,
		"https://u:p@auth.r.io/": failure.Protocol, "": failure.Protocol,
	} {
		next := &fakeLink{answers: []answer{status(401, "WWW-Authenticate", `Bearer realm="`+realm+`"`)}}
		_, err := authOf(next, authn.AuthConfig{}).roundTrip(t.Context(), requestTo(t, "https://r.io/v2/x"))
		if !errors.Is(err, want) || len(next.seen) != 1 {
			t.Errorf("%q: %v, %q", realm, err, next.urls())
		}
	}
}

func TestATokenRequestBearsTheCostAndTheHasteOfItsRequest(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{protected("Bearer t", bearer, `{"token":"t"}`)}}
	req := requestTo(t, "https://r.io/v2/x")
	req.Once, req.Cost = true, new(Cost)
	if _, err := authOf(next, authn.AuthConfig{}).roundTrip(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if token := next.seen[1]; token.url.Host != "auth.r.io" || !token.Once || token.Cost != req.Cost ||
		token.MaxBytes != maxTokenBody {
		t.Errorf("%+v", token)
	}
}

func TestARenewalThatWaitsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l := authOf(&fakeLink{answers: []answer{status(200)}}, authn.AuthConfig{})
	l.latest.Store(&authorization{header: "Bearer old", expires: time.Now().Add(-time.Second)})
	l.renewing <- struct{}{} // another request renews it, and does not end
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.roundTrip(ctx, requestTo(t, "https://r.io/v2/x")); !errors.Is(err, failure.Canceled) {
		t.Error(err)
	}
}

func TestATokenServiceMayRedirectWithinItsHost(t *testing.T) {
	t.Parallel()
	for to, followed := range map[string]bool{
		"/token2?account=x": true, "https://auth.r.io/token2": true, "https://AUTH.r.io:443/token2": true,
		"http://auth.r.io/token2": false, "https://auth.r.io:8443/token2": false, "https://auth.example/token2": false,
		"https://b.auth.r.io/token2": false,
	} {
		granted := protected("Bearer t", bearer, `{"token":"t"}`)
		next := &fakeLink{answers: []answer{func(req Request) (*http.Response, error) {
			if req.url.Path == "/token" {
				return status(http.StatusPermanentRedirect, "Location", to)(req)
			}
			return granted(req)
		}}}
		l := authOf(next, authn.AuthConfig{Username: "u", Password: "canary-Passw0rd"})
		_, err := l.roundTrip(t.Context(), requestTo(t, "https://r.io/v2/x"))
		if followed && err != nil || !followed && (!errors.Is(err, failure.Refused) || len(next.seen) != 2) {
			t.Errorf("%s: %v, %q", to, err, next.urls())
		}
	}
	from, upgraded := parseURL(t, "http://auth.r.io/token"), parseURL(t, "https://auth.r.io/token")
	if err := checkTokenRedirect(Request{url: from}, upgraded); err != nil {
		t.Error(err)
	}
}
