package dockerconfig

import (
	"strings"
	"testing"
)

func TestAHelpersWordsAreQuotedAndItsSecretsAreNot(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"":                          "it says nothing",
		"\n":                        "it says nothing",
		"The keychain is locked.\n": `it says "The keychain is locked."`,
		"exit 1: no such session":   `it says "exit 1: no such session"`,
		"token: hunter expired":     `it says "token: … expired"`,
		"could not unlock pa55word": `it says "could not unlock …"`,
		"bad\x1b[31m key":           notShown,
		"canary-t0ken":              notShown,
		"hunter":                    notShown, // one word may be the secret itself
		`{"Username":"u","Secret":"open sesame"}`:                             notShown,
		"is qwrtplkj known":                                                   `it says "is … known"`,
		"AKIDz8krbsJ5yKBZQpn74WFkmLPx3 was refused by https://user:pw@host/x": `it says "… was refused by …"`,
		"ERROR: (gcloud.auth.docker-helper) There was a problem refreshing your current auth tokens"://
		`it says "ERROR: … There was a problem refreshing your current auth tokens"`,
	} {
		if got := quoteHelper([]byte(output)); got != want {
			t.Errorf("%q: got %s, want %s", output, got, want)
		}
	}
	long := quoteHelper([]byte(strings.Repeat("word ", 1000)))
	if !strings.HasSuffix(long, ` …"`) || len(long) > 300 {
		t.Errorf("a long output: %d characters", len(long))
	}
}

// FuzzQuoteHelper: no digit beside a letter, and nothing behind a label, is ever shown.
func FuzzQuoteHelper(f *testing.F) {
	f.Add("the password: ", "abc", " is wrong")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if strings.ContainsAny(secret, " \t\n\r\v\f\u0085\u00a0") || len(secret) < 4 ||
			!strings.ContainsAny(secret, "0123456789") || !strings.ContainsAny(secret, "abcdefghijklmnop") {
			return
		}
		if got := quoteHelper([]byte(before + " " + secret + " " + after)); strings.Contains(got, secret) &&
			!strings.Contains(notShown, secret) {
			t.Errorf("%q is shown: %s", secret, got)
		}
	})
}
