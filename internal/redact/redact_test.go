package redact_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

const canary = `CANARY+p@ss/"w\ord"&é-42`

func holding(values ...string) *redact.Secrets {
	s := new(redact.Secrets)
	s.Add(values...)
	return s
}

// spelled are the spellings that a peer may repeat a secret in.
func spelled(secret string) map[string]string {
	var numbers, percents, mixed, escapes, octets strings.Builder
	for i, c := range []byte(secret) {
		fmt.Fprintf(&percents, "%%%02x", c)
		fmt.Fprintf(&octets, `\x%02x`, c)
		if i%2 == 0 || c >= utf8.RuneSelf || strings.IndexByte(`%\&"+`, c) >= 0 {
			fmt.Fprintf(&mixed, "%%%02X", c)
		} else {
			mixed.WriteByte(c)
		}
	}
	for _, r := range secret {
		fmt.Fprintf(&escapes, `\u%04X`, r)
		fmt.Fprintf(&numbers, "&#%d;", r)
	}
	quoted, _ := json.Marshal(secret) // of a string
	forms := map[string]string{
		"plain":                   secret,
		"upper case":              strings.ToUpper(secret),
		"lower case":              strings.ToLower(secret),
		"a form":                  url.QueryEscape(secret),
		"a path":                  url.PathEscape(secret),
		"percent":                 percents.String(),
		"percent in part":         mixed.String(),
		"percent twice":           url.QueryEscape(url.QueryEscape(secret)),
		"a form within JSON":      strings.ReplaceAll(url.QueryEscape(secret), "%", `\u0025`),
		"JSON":                    string(quoted[1 : len(quoted)-1]),
		"JSON, with slashes":      strings.ReplaceAll(string(quoted[1:len(quoted)-1]), "/", `\/`),
		"JSON, all escaped":       escapes.String(),
		"Go":                      fmt.Sprintf("%q", secret),
		"Go, ASCII":               fmt.Sprintf("%+q", secret),
		"octets":                  octets.String(),
		"HTML":                    html.EscapeString(secret),
		"HTML, by number":         numbers.String(),
		"hexadecimal":             hex.EncodeToString([]byte(secret)),
		"hexadecimal, upper case": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"hidden characters":       strings.Join(strings.Split(secret, ""), "\u200b"),
		"control characters":      strings.Join(strings.Split(secret, ""), "\x1b"),
		"two lines":               secret[:5] + "\r\n" + secret[5:],
		"broken characters":       secret[:7] + "\xff" + secret[7:],
	}
	for name, encoding := range map[string]*base64.Encoding{
		"padded": base64.StdEncoding, "bare": base64.RawStdEncoding, "for URLs": base64.URLEncoding,
		"for URLs, bare": base64.RawURLEncoding,
	} {
		for _, before := range []string{"", "u:", "user:", "name:", `{"password":"`} {
			forms["Base64, "+name+", after "+before] = encoding.EncodeToString([]byte(before + secret))
			forms["Base64, "+name+", in the middle, after "+before] = encoding.EncodeToString(
				[]byte(before + secret + `"}, and more`),
			)
		}
		forms["Base64 in a form, "+name] = url.QueryEscape(encoding.EncodeToString([]byte("u:" + secret)))
		forms["Base64 in JSON, "+name] = strings.ReplaceAll(encoding.EncodeToString([]byte("u:"+secret)), "/", `\/`)
		forms["JSON in Base64, "+name] = encoding.EncodeToString(append([]byte(`{"p":`), quoted...))
		forms["a form in Base64, "+name] = encoding.EncodeToString([]byte("p=" + url.QueryEscape(secret)))
	}
	lines := base64.StdEncoding.EncodeToString([]byte("user@example.com:" + secret))
	forms["Base64 in lines"] = lines[:31] + "\n" + lines[31:]
	return forms
}

func TestASecretIsCutOutInEverySpelling(t *testing.T) {
	t.Parallel()
	s := holding("", "another secret of this process", canary)
	for name, form := range spelled(canary) {
		got := s.Text("the peer says <"+form+"> and no more", 500)
		if !strings.Contains(got, redact.Mark) || leaks(got, canary) {
			t.Errorf("%s: %s becomes %s", name, form, got)
		}
		if !strings.HasPrefix(got, "the peer says <") || !strings.HasSuffix(got, "> and no more") {
			t.Errorf("%s: more than the secret is gone: %s", name, got)
		}
		if got := s.Value(form); leaks(got, canary) {
			t.Errorf("%s: the value %s becomes %s", name, form, got)
		}
		if !s.Holds([]byte(form + "\n")) {
			t.Errorf("%s: %s is not found in a document", name, form)
		}
	}
}

// leaks looks for twelve characters of the secret in a row with nothing of the package under test.
func leaks(text, secret string) bool {
	forms := []string{text, html.UnescapeString(text)}
	for range 2 {
		for _, form := range forms {
			if decoded, err := url.QueryUnescape(form); err == nil {
				forms = append(forms, decoded)
			}
			var quoted string
			if json.Unmarshal([]byte(`"`+form+`"`), &quoted) == nil {
				forms = append(forms, quoted)
			}
			for _, word := range strings.FieldsFunc(form, func(r rune) bool {
				return strings.ContainsRune(" <>[]\"{}", r)
			}) {
				for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
					for shift := range min(4, len(word)) {
						decoded, _ := encoding.DecodeString(word[shift:])
						forms = append(forms, string(decoded))
					}
				}
				decoded, _ := hex.DecodeString(word)
				forms = append(forms, string(decoded))
			}
		}
	}
	needle := strings.ToLower(secret)
	width := min(len(needle), 12)
	for _, form := range forms {
		form = strings.ToLower(form)
		for i := range len(needle) - width + 1 {
			if strings.Contains(form, needle[i:i+width]) {
				return true
			}
		}
	}
	return false
}

func TestASecretIsFoundAnywhereInADocument(t *testing.T) {
	t.Parallel()
	s := holding(canary)
	for _, before := range []int{0, 1000, 256<<10 - 10, 256 << 10, 500_000} {
		document := strings.Repeat("x", before) + url.QueryEscape(canary) + strings.Repeat("x", 1000)
		if !s.Holds([]byte(document)) || s.Holds([]byte(strings.ReplaceAll(document, "%", "_"))) {
			t.Errorf("after %d bytes", before)
		}
	}
}

func TestAPartOfALongSecretIsCutOut(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIn0.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4"
	s := holding(token)
	for _, said := range []string{
		"bad token " + token[:40] + "…", "…" + token[30:70] + "…", "token " + token[:7],
		token[len(token)-6:] + " is wrong",
	} {
		if got := s.Text(said, 500); !strings.Contains(got, redact.Mark) {
			t.Errorf("%q becomes %q", said, got)
		}
	}
	if got := s.Text("the token is wrong", 500); got != "the token is wrong" {
		t.Errorf("got %q", got)
	}
}

// TestNothingOfASecretIsLeftAtACut cuts a text at every place, before it is redacted and by its
// redaction.
func TestNothingOfASecretIsLeftAtACut(t *testing.T) {
	t.Parallel()
	s := holding(canary)
	for name, form := range spelled(canary) {
		said := "it said " + form + " to us"
		for cut := range len(said) {
			for _, got := range []string{s.Text(said[:cut], 500), s.Text(said, cut+1), s.Text(said[cut:], 500)} {
				if strings.Contains(strings.ToLower(got), strings.ToLower(canary[:5])) ||
					strings.Contains(got, canary[len(canary)-6:]) {
					t.Fatalf("%s, cut at %d: %q", name, cut, got)
				}
			}
		}
	}
}

func TestATextWithAShortSecretIsWithheld(t *testing.T) {
	t.Parallel()
	s := holding("x1-y")
	for _, said := range []string{
		"your password x1-y is wrong", "X1-Y", "x%31-y", `x\u0031-y`,
		base64.StdEncoding.EncodeToString([]byte("user:x1-y")), "x\u200b1-y",
	} {
		if got := s.Text(said, 500); got != redact.Withheld {
			t.Errorf("%q becomes %q", said, got)
		}
	}
	if got := s.Text("denied", 500); got != "denied" {
		t.Errorf("got %q", got)
	}
	if got := s.Value("llm-x1-y"); got != "llm-x1-y" { // by chance, most likely
		t.Errorf("got %q", got)
	}
	if got := holding(" ").Text("nothing but a blank", 500); got != "nothing but a blank" {
		t.Errorf("got %q", got)
	}
}

func TestControlCharactersAreMadeVisible(t *testing.T) {
	t.Parallel()
	var none *redact.Secrets
	for said, want := range map[string]string{
		"a\x1b[31mred\x07": `a\u001b[31mred\u0007`, "a\u009b31m": `a\u009b31m`, "a\u202eb\u2066c": `a\u202eb\u2066c`,
		"a\u200b\ufeffb":             `a\u200b\ufeffb`,
		"two\r\nlines\tand\u2028one": "two lines and one", "\xff\xfebytes": `\xff\xfebytes`, "naïve 中文": "naïve 中文",
		"a\U000e0041": `a\U000e0041`, "": "",
	} {
		if got := none.Text(said, 500); got != want {
			t.Errorf("%q becomes %q, want %q", said, got, want)
		}
	}
	if got := none.Value("two  spaces\x1b"); got != `two  spaces\u001b` {
		t.Errorf("got %q", got)
	}
}

func TestATextIsBoundedInCharacters(t *testing.T) {
	t.Parallel()
	s := holding(canary)
	for said, want := range map[string]string{"ééééé": "ééééé", "éééééé": "éééé…", strings.Repeat(" ", 1<<20): "…"} {
		if got := s.Text(said, 5); got != want {
			t.Errorf("%.20q becomes %q, want %q", said, got, want)
		}
	}
	if got := s.Text(strings.Repeat(" ", 64<<10-10)+canary, 500); strings.Contains(got, canary[:5]) {
		t.Errorf("what is left of a secret at the end of what is looked at: %q", got)
	}
}

func TestSecretsOfOthersInURLsAndHeadersAreRemoved(t *testing.T) {
	t.Parallel()
	var none *redact.Secrets
	const said = `see https://u:p@h/x?X-Signature=1 or Credential=AKID/x, Signature=0123456789abcdef0123, who?`
	const want = `see https://…@h/x?… or Credential=AKID/x, Signature=[redacted], who?`
	if got := none.Text(said, 500); got != want {
		t.Errorf("got %s", got)
	}
}

func TestWhatTheConfigurationShowsIsNoSecret(t *testing.T) {
	t.Parallel()
	s := holding("registry")
	if got := s.Value("registry.example.com/x"); got != redact.Mark+".example.com/x" {
		t.Errorf("got %q", got)
	}
	s.AddPublic("registry.example.com/x")
	if got := s.Value("registry.example.com/x"); got != "registry.example.com/x" {
		t.Errorf("got %q", got)
	}
}

func TestAnErrorKeepsItsKind(t *testing.T) {
	t.Parallel()
	s := holding(canary)
	cause := fmt.Errorf(
		"dial %s: %w", canary,
		errors.Join(context.Canceled, &fs.PathError{Op: "open", Path: canary, Err: fs.ErrNotExist}),
	)
	err := s.Error(cause, 500)
	path, found := errors.AsType[*fs.PathError](err)
	if !errors.Is(err, context.Canceled) || !found || path.Op != "open" || strings.Contains(err.Error(), "CANARY") ||
		errors.Unwrap(err) != nil {
		t.Errorf("got %v", err)
	}
	again := s.Error(err, 500)
	if again != err || s.Error(nil, 500) != nil { //nolint:errorlint // the very same error is meant
		t.Error("cleaned twice, or out of nothing")
	}
}

func TestEveryStringOfAValueIsCleaned(t *testing.T) {
	t.Parallel()
	type event struct{ Message string }
	type answer struct {
		Name   string
		Tags   []string
		Events []event
		Next   *answer
		hidden string
	}
	got := answer{
		Name:   "x" + canary,
		Tags:   []string{"a\x1b"},
		Events: []event{{canary}},
		Next:   &answer{Name: "fine", hidden: "h"},
		hidden: "h",
	}
	holding(canary).Values(&got)
	if got.Name != "x"+redact.Mark || got.Tags[0] != `a\u001b` || got.Events[0].Message != redact.Mark ||
		got.Next.Name != "fine" ||
		got.hidden != "h" {
		t.Errorf("got %+v", got)
	}
}

func TestALogLineIsCleaned(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n, err := fmt.Fprintf(holding(canary).Writer(&out), "Unsolicited response: %q\n", canary)
	if err != nil || n < len(canary) || out.String() != `Unsolicited response: "[redacted]"`+"\n" {
		t.Errorf("got %q, %d, %v", out.String(), n, err)
	}
}

func TestMediaTypesFollowTheirGrammar(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{
		"application/vnd.oci.image.layer.v1.tar+gzip": true, "a/b": true, "": false, "application": false,
		"a/b/c":                     false,
		"text/plain; charset=utf-8": false, "a /b": false, "a/b\x1b": false, "a/" + strings.Repeat("b", 128): false,
		"a/" + strings.Repeat("b", 127): true, strings.Repeat("a", 128) + "/b": false,
	} {
		if redact.IsMediaType(text) != valid {
			t.Errorf("%q: %t", text, !valid)
		}
	}
}

// FuzzText puts a secret into any text, with each of its bytes spelled in another way, and cuts the
// text anywhere.
func FuzzText(f *testing.F) {
	f.Add("CANARY-password", "before ", " after", []byte{0, 1, 2, 3, 4, 5}, 30, 300)
	f.Add("a%41\\n&amp;+b c", "\x1b[", "\xff", []byte{3, 3, 1}, 1000, 10)
	f.Fuzz(func(t *testing.T, secret, before, after string, how []byte, cut, most int) {
		if !utf8.ValidString(secret) || len(secret) > 1000 {
			t.Skip()
		}
		var said strings.Builder
		said.WriteString(before)
		for i, c := range []byte(secret) {
			way := byte(0)
			if len(how) > 0 {
				way = how[i%len(how)]
			}
			format := []string{"%c", "%%%02x", "%%%02X", `\x%02x`, `\u%04x`, "&#%d;", "&#x%x;", "%%25%02x"}[way%8]
			if c >= utf8.RuneSelf { // a part of a character, which only octets can spell
				format = []string{"%%%02x", `\x%02x`}[way%2]
			}
			fmt.Fprintf(&said, format, c)
		}
		said.WriteString(after)
		text := said.String()
		if cut >= 0 && cut < len(text) {
			text = text[:cut]
		}
		most = max(1, min(most, 5000))
		s := holding(secret)
		got := s.Text(text, most)
		if utf8.RuneCountInString(got) > max(most, len(redact.Withheld)) ||
			strings.ContainsAny(got, "\x1b\x00\n\u202e\u200b") {
			t.Fatalf("%q becomes %q", text, got)
		}
		if marks := redact.Mark + redact.Withheld; strings.Contains(marks, strings.ToLower(secret)) ||
			len(read(secret)) < 8 {
			return
		}
		if strings.Contains(got, secret) || strings.Contains(s.Value(text), secret) {
			t.Fatalf("%q holds %q", got, secret)
		}
		if again := s.Text(got, most); again != got {
			t.Fatalf("%q becomes %q, and then %q", text, got, again)
		}
	})
}

// read is what is read of a text: neither blanks nor what cannot be seen.
func read(text string) string {
	return strings.Map(func(r rune) rune {
		if r > '~' || r <= ' ' || r == '+' {
			return -1
		}
		return r
	}, text)
}

func BenchmarkText(b *testing.B) {
	s := new(redact.Secrets)
	for i := range 100 {
		s.Add(strings.Repeat(fmt.Sprint("token-", i, "-"), 150))
	}
	s.Add(canary)
	for _, size := range []int{300, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			said := strings.Repeat(`the "peer" says\n &amp; %41 `, size/26) + canary
			b.SetBytes(int64(len(said)))
			for b.Loop() {
				s.Text(said, 300)
			}
		})
	}
	b.Run("document of 1 MiB", func(b *testing.B) {
		const entry = `{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:0123456789abcdef"},`
		document := []byte(strings.Repeat(entry, 1<<20/95))
		b.SetBytes(int64(len(document)))
		for b.Loop() {
			s.Holds(document)
		}
	})
}
