package registry

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestErrorsSayWhatWasDoneWhatCameAndWhatToDo(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*Error{
		`Nginx: this is not a valid image reference (a repository's name is lower-case); write it as a Pod would: nginx, docker.io/library/nginx:1.27, or host:port/name@sha256:…`: {
			Image: "Nginx", Kind: KindInvalidReference, Err: errors.New("a repository's name is lower-case")},
		`nginx:9: reading the manifest from index.docker.io: the registry does not have it (HTTP 404, MANIFEST_UNKNOWN: manifest unknown); check name, tag and digest; some registries hide private images this way, so check credentials too`: {
			Image: "nginx:9", Host: "index.docker.io", Kind: KindNotFound, Action: "reading the manifest", StatusCode: 404, Code: "MANIFEST_UNKNOWN", Message: "manifest unknown"},
		`r.io/x: reading the manifest from r.io: the credentials of Docker's configuration were refused (HTTP 401); check that they are current, and that they may read this repository`: {
			Image: "r.io/x", Host: "r.io", Kind: KindUnauthorized, Action: "reading the manifest", StatusCode: 401, CredentialSource: SourceDocker},
		`r.io/x: getting a token from auth.r.io: the registry wants credentials, and none were found in the configuration of this registry or in Docker's configuration [no helper] (HTTP 401); configure credentials for this registry, and check the name: many registries say this of images that do not exist`: {
			Image: "r.io/x", Host: "auth.r.io", Kind: KindUnauthorized, Action: "getting a token", StatusCode: 401, CredentialNote: "no helper"},
		`x: reading the manifest from h: there is no image for platform linux/s390x, only for linux/amd64, linux/arm64; choose one of these, or another image`: {
			Image: "x", Host: "h", Kind: KindNoPlatform, Action: "reading the manifest", Platform: "linux/s390x", Platforms: []string{"linux/amd64", "linux/arm64"}},
		`x: reading the manifest from h: the registry's rate limit is reached, it asks to wait 1m0s (HTTP 429); wait, or configure credentials for this registry: signed-in users have higher limits`: {
			Image: "x", Host: "h", Kind: KindRateLimited, Action: "reading the manifest", StatusCode: 429, RetryAfter: time.Minute},
		`x: reading layer d from h: the registry ignores range requests`: {Image: "x", Host: "h", Kind: KindRangeIgnored, Action: "reading layer d"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestALongListOfPlatformsIsShortened(t *testing.T) {
	t.Parallel()
	e := &Error{Kind: KindNoPlatform, Platform: "a/b"}
	for i := range 100 {
		e.Platforms = append(e.Platforms, fmt.Sprint("os/arch", i))
	}
	if text := e.Error(); !strings.Contains(text, "os/arch23 and 76 more") || strings.Contains(text, "os/arch24") {
		t.Error(text)
	}
}

func TestErrorsAreComparedByKind(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("around: %w", &Error{Kind: KindNotFound, Err: http.ErrSchemeMismatch})
	if !errors.Is(err, KindNotFound) || errors.Is(err, KindForbidden) || !errors.Is(err, http.ErrSchemeMismatch) {
		t.Error(err)
	}
}

func TestWhatRegistriesSayIsShownPlainly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ contentType, body, code, message string }{
		{"application/json", `{"errors":[{"code":"DENIED","message":"no"}]}`, "DENIED", "no"},
		{"application/json", `{"errors":[{"code":"A","message":"line\nbreak \u001b[31mred\u0007"}]}`, "A", `line break \u001b[31mred\u0007`},
		{"application/json", `{"errors":[{"message":"sent ` + canaryPassword + ` to https://u:p@h/x?sig=` + canaryQuery + ` now"}]}`, "", "sent [redacted] to https://…@h/x?… now"},
		{"application/json", `{"errors":[]}`, "", ""},
		{"application/json", `{"errors":"` + canaryToken + `"}`, "", ""},
		{"text/plain; charset=utf-8", "upstream is asleep\r\n", "", "upstream is asleep"},
		{"text/html", "<h1>502</h1>", "", ""},
		{"text/plain", "\xff\xfebytes", "", `\xff\xfebytes`},
		{"text/plain", strings.Repeat("é", 10_000), "", strings.Repeat("é", maxWords-1) + "…"},
	} {
		if code, message := said(t, test.contentType, test.body); code != test.code || message != test.message {
			t.Errorf("%s: %q %q", test.body, code, message)
		}
	}
}

// said is what an error has of an answer's body.
func said(t *testing.T, contentType, body string) (code, message string) {
	t.Helper()
	c, err := New(Config{Hosts: withPassword("registry.example.com")})
	if err != nil {
		t.Fatal(err)
	}
	e := &Error{}
	e.Code, e.Message = registryWords(contentType, []byte(body))
	clean, _ := errors.AsType[*Error](c.redacted(e))
	return clean.Code, clean.Message
}

func TestCausesAreShownWithoutTheirURLs(t *testing.T) {
	t.Parallel()
	cause := &url.Error{Op: "Get", URL: "https://h/x?sig=" + canaryQuery, Err: fmt.Errorf("parse https://u:%s@h/y?sig=%s: no", canaryPassword, canaryQuery)}
	c, err := New(Config{Hosts: withPassword("registry.example.com")})
	if err != nil {
		t.Fatal(err)
	}
	err = c.redacted(transportError(t.Context(), "h", fmt.Errorf("outer: %w", cause)))
	if e := assertKind(t, err, KindUnreachable); !strings.Contains(e.Error(), "https://…@h/y?…") {
		t.Error(e)
	}
}

func TestARegistryThatEchoesItsCredentialsDoesNotMakeThemShow(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusUnauthorized)
		username, password, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s and %s in %s are wrong", username, password, r.Header.Get("Authorization"))
		return true
	}
	config := quick(t)
	config.Hosts = withPassword(s.host())
	_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
	e := assertKind(t, err, KindUnauthorized)
	if strings.Contains(e.Error(), basicOf(user, canaryPassword)) || !strings.Contains(e.Error(), "[redacted]") {
		t.Error(e)
	}
}

func FuzzRegistryWords(f *testing.F) {
	f.Add("application/json", []byte(`{"errors":[{"code":"DENIED","message":"no"}]}`))
	f.Add("text/plain", []byte("https://u:p@h/?q"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		code, message := said(t, contentType, string(body))
		for _, text := range []string{code, message} {
			if len([]rune(text)) > maxWords || strings.ContainsAny(text, "\r\n\x1b\x00") || strings.Contains(text, canaryPassword) {
				t.Fatalf("%q", text)
			}
		}
	})
}
