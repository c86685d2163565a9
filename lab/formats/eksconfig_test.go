// Package formats reads what the provider and its test doubles write with the formats' own
// libraries, which the provider itself does without.
package formats

import (
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
)

func TestEKSConfigParsesBack(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "a space": " ", "spaces around": "  a  ", "a tab": "\ta\n\tb", "a lone tab and an end": "\t\n",
		"lines": "a\nb\n\n", "empty lines first": "\n\n  a\n b", "carriage returns": "a\r\nb\r",
		"a bool of old": "yes", "a bool": "true", "null": "null", "a tilde": "~", "an integer": "50",
		"hexadecimal": "0x1F", "octal": "0o17", "a float": "1e3", "infinite": ".inf", "not a number": ".nan",
		"base 60": "1:30", "a date": "2024-01-02", "a merge": "<<", "a default": "=", "a mapping": "a: b",
		"a comment": "a #b", "a list": "- a", "a flow": "{a: [b]}", "a tag": "!!int 5", "an anchor": "&a",
		"an alias": "*a",
		"a block":  "|", "a fold": ">-", "a directive": "%YAML 1.2", "a start": "---", "an end": "...", "a key": "? a",
		"at": "@a", "a grave": "`a`",
		"quotes": `a"b'c`, "a backslash": `a\nb\`, "control characters": "\x00\x01\x07\x08\x0b\x0c\x1b\x1f\x7f",
		"more control characters": "\u0080\u0085\u009f", "separators": "\u2028\u2029\u00a0\ufeff",
		"beyond the basic plane": "\U0001f600\U0010ffff", "non-characters": "\ufffe\uffff\ufffd",
		"a mark behind an escape": "\n\u0301", "a mark first": "\u0301a", "Hangul": "\u1100\u1161",
		"very long": strings.Repeat("long ", 50_000), "longer than an implicit key": strings.Repeat("k", 1020),
		"escapes that make a key too long": strings.Repeat("\n", 600),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parsesBack(t, map[string]string{text: "value"})
			parsesBack(t, map[string]string{"key": text, "other": "value"})
			parsesBack(t, map[string]string{"eks.tke.cloud.tencent.com/" + text: text, text: text})
		})
	}
	parsesBack(t, map[string]string{})
	parsesBack(t, nil)
}

func FuzzEKSConfig(f *testing.F) {
	f.Add("", "", "a", "b")
	f.Add("\n\u0301", "\t\n", "<<", "50")
	f.Add("a.b/c", "yes: no", "eks.tke.cloud.tencent.com/root-cbs-size", "1e3")
	f.Add("\ufeff", "\u0085", strings.Repeat("\x7f", 300), "机器\n学习")
	f.Fuzz(func(t *testing.T, key, value, otherKey, otherValue string) {
		written := map[string]string{key: value, otherKey: otherValue}
		for key, value := range written {
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				if _, err := annotations.EKSConfig(written); err == nil {
					t.Fatalf("%q is no text, and was written", written)
				}
				return
			}
		}
		parsesBack(t, written)
	})
}

// parsesBack reads the text as strings, and as whatever YAML takes it for: that has to be strings
// too.
func parsesBack(t *testing.T, written map[string]string) {
	t.Helper()
	text, err := annotations.EKSConfig(written)
	if err != nil {
		t.Fatal(err)
	}
	parsed := map[string]string{}
	if err := yaml.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatalf("%q became %q: %v", written, text, err)
	}
	var untyped map[string]any
	if err := yaml.Unmarshal([]byte(text), &untyped); err != nil {
		t.Fatalf("%q became %q: %v", written, text, err)
	}
	if len(parsed) != len(written) || len(untyped) != len(written) {
		t.Fatalf("%d annotations became %d and %d: %q", len(written), len(parsed), len(untyped), text)
	}
	for key, value := range written {
		if parsed[key] != value || untyped[key] != any(value) {
			t.Fatalf("%q: %q became %q and %#v in %q", key, value, parsed[key], untyped[key], text)
		}
	}
	if again, _ := annotations.EKSConfig(written); again != text {
		t.Fatalf("%q, then %q", text, again)
	}
}
