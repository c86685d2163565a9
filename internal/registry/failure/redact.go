package failure

import (
	"errors"
	"strconv"
	"strings"
	"unicode"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

const (
	// MaxWords bounds how many characters of a registry's message an error repeats.
	MaxWords = 300
	// maxCause bounds the text of a cause, which has words of this module too.
	maxCause = 2 * MaxWords
)

// Redact returns an error without secrets and of bounded length. Errors pass it where they leave
// the package registry, so that inner functions may quote what they received.
func Redact(err error, secrets *redact.Secrets) error {
	e, typed := errors.AsType[*Error](err)
	if !typed {
		return secrets.Error(err, maxCause)
	}
	clean := *e
	clean.Host, clean.Proxy = secrets.Value(e.Host), secrets.Value(e.Proxy)
	clean.Code = secrets.Text(e.Code, MaxWords)
	clean.Message = secrets.Text(e.Message, MaxWords)
	clean.MediaType = secrets.Text(e.MediaType, MaxWords)
	clean.CredentialNote = secrets.Text(e.CredentialNote, MaxWords)
	clean.Err = secrets.Error(e.Err, maxCause)
	if cause, nested := e.Err.(*Error); nested { //nolint:errorlint // the cause itself
		clean.Err = Redact(cause, secrets)
	}
	clean.Others = nil
	for _, other := range e.Others {
		if redacted, ok := Redact(other, secrets).(*Error); ok { //nolint:errorlint // the error itself
			clean.Others = append(clean.Others, redacted)
		}
	}
	clean.Platforms = nil
	for _, platform := range e.Platforms {
		clean.Platforms = append(clean.Platforms, secrets.Text(platform, MaxWords))
	}
	return &clean
}

// RedactReference returns a reference as an error may show it: a pasted URL can hold a password or
// a token.
func RedactReference(reference string) string {
	reference, _, hasQuery := strings.Cut(reference, "?")
	digest := ""
	if at := strings.LastIndex(reference, "@"); at >= 0 && isDigest(reference[at+1:]) {
		reference, digest = reference[:at], reference[at:]
	}
	// With a colon before it, an @ may end a username and a password.
	if at := strings.LastIndex(reference, "@"); at >= 0 && strings.Contains(reference[:at], ":") {
		scheme := ""
		if before, _, found := strings.Cut(reference, "://"); found && len(before) <= len("https") {
			scheme = before + "://"
		}
		reference = scheme + "…" + reference[at:]
	}
	if hasQuery {
		digest += "?…"
	}
	return redact.Line(showBlanks(reference+digest), MaxWords)
}

// BlankMark stands for a space in a reference, which has none.
const BlankMark = "␣"

// showBlanks makes blanks visible: at the end of a reference they are not.
func showBlanks(reference string) string {
	var b strings.Builder
	for _, r := range reference {
		switch {
		case r == ' ':
			b.WriteString(BlankMark)
		case unicode.IsSpace(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isDigest(s string) bool {
	return strings.HasPrefix(s, "sha256:") || strings.HasPrefix(s, "sha512:")
}
