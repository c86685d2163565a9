package registry

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

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
		{"text/plain", strings.Repeat("é", 10_000), "", strings.Repeat("é", failure.MaxWords-1) + "…"},
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
	e := &failure.Error{}
	e.Code, e.Message = registryWords(contentType, []byte(body))
	clean, _ := errors.AsType[*failure.Error](failure.Redact(e, c.secrets))
	return clean.Code, clean.Message
}

func TestCausesAreShownWithoutTheirURLs(t *testing.T) {
	t.Parallel()
	cause := &url.Error{Op: "Get", URL: "https://h/x?sig=" + canaryQuery, Err: fmt.Errorf("parse https://u:%s@h/y?sig=%s: no", canaryPassword, canaryQuery)}
	c, err := New(Config{Hosts: withPassword("registry.example.com")})
	if err != nil {
		t.Fatal(err)
	}
	err = failure.Redact(transportError(t.Context(), "h", fmt.Errorf("outer: %w", cause)), c.secrets)
	if e := assertKind(t, err, failure.Unreachable); !strings.Contains(e.Error(), "https://…@h/y?…") {
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
	e := assertKind(t, err, failure.Unauthorized)
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
			if len([]rune(text)) > failure.MaxWords || strings.ContainsAny(text, "\r\n\x1b\x00") || strings.Contains(text, canaryPassword) {
				t.Fatalf("%q", text)
			}
		}
	})
}
