package transport

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
		{
			"application/json", `{"errors":[{"code":"A","message":"line\nbreak \u001b[31mred\u0007"}]}`, "A",
			`line break \u001b[31mred\u0007`,
		},
		{
			"application/json",
			`{"errors":[{"message":"sent ` + canaryPassword + ` to https://u:p@h/x?sig=` + canaryQuery + ` now"}]}`,
			"", "sent [redacted] to https://…@h/x?… now",
		},
		{"application/json", `{"errors":[]}`, "", ""},
		{"application/json", `{"errors":"` + canaryToken + `"}`, "", ""},
		{"text/plain; charset=utf-8", "upstream is asleep\r\n", "", "upstream is asleep"},
		{"text/html", "<h1>502</h1>", "", "a web page (HTML)"},
		{"", "<!DOCTYPE html><title>\n Sign &amp; in</title>", "", `a web page (HTML) titled "Sign & in"`},
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
	c, err := New(Config{Hosts: map[string]Host{"registry.example.com": {Username: user, Password: canaryPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	e := &failure.Error{}
	e.Code, e.Message = parseErrorBody(http.Header{"Content-Type": {contentType}}, []byte(body))
	clean, _ := errors.AsType[*failure.Error](failure.Redact(e, c.secrets))
	return clean.Code, clean.Message
}

func TestCausesAreShownWithoutTheirURLs(t *testing.T) {
	t.Parallel()
	cause := &url.Error{
		Op:  "Get",
		URL: "https://h/x?sig=" + canaryQuery,
		Err: fmt.Errorf("parse https://u:%s@h/y?sig=%s: no", canaryPassword, canaryQuery),
	}
	c, err := New(Config{Hosts: map[string]Host{"registry.example.com": {Username: user, Password: canaryPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	err = failure.Redact(classifyError(t.Context(), "h", fmt.Errorf("outer: %w", cause)), c.secrets)
	if !errors.Is(err, failure.Unreachable) || !strings.Contains(err.Error(), "https://…@h/y?…") {
		t.Error(err)
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		if text := fmt.Sprintf("%v %+v %#v", cause, cause, cause); strings.Contains(text, canaryQuery) ||
			strings.Contains(text, canaryPassword) {
			t.Errorf("a secret shows: %s", text)
		}
	}
}

func FuzzParseErrorBody(f *testing.F) {
	f.Add("application/json", []byte(`{"errors":[{"code":"DENIED","message":"no"}]}`))
	f.Add("text/plain", []byte("https://u:p@h/?q"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		code, message := said(t, contentType, string(body))
		for _, text := range []string{code, message} {
			if len([]rune(text)) > failure.MaxWords || strings.ContainsAny(text, "\r\n\x1b\x00") ||
				strings.Contains(text, canaryPassword) {
				t.Fatalf("%q", text)
			}
		}
	})
}
