package registry

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// maxWords bounds how much of a registry's own message an error repeats.
const maxWords = 300

var (
	// A query holds the signature of a presigned URL.
	queries = regexp.MustCompile(`\?[^\s"'<>]*`)
	// RFC 3986, section 3.2.1: userinfo stands before an @ in the authority.
	userinfo = regexp.MustCompile(`//[^/\s"'<>]*@`)
)

// withoutSecrets removes what a URL inside a text may hold: userinfo and queries.
func withoutSecrets(text string) string {
	text = userinfo.ReplaceAllString(text, "//…@")
	return queries.ReplaceAllString(text, "?…")
}

// plainWords makes a text of somebody else's fit for an error: one line, printable, short, and without any of secrets. What is
// taken out goes first: a character that is not shown, put into a password or a URL, must not hide it from the search.
func plainWords(text string, secrets []string) string {
	text = redacted(printable(redacted(text, secrets)), secrets)
	text = printable(withoutSecrets(text))
	if runes := []rune(text); len(runes) > maxWords {
		text = string(runes[:maxWords-1]) + "…"
	}
	return text
}

// redacted replaces secrets. It comes before the spaces are made one as well as after, since a secret may hold some.
func redacted(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}

func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

// presentable strips the URL that net/http puts around errors, and whatever URL is left in the text. What it returns still
// answers errors.Is and errors.As, as long as no text needed cleaning.
func presentable(err error) error {
	for {
		var wrapped *url.Error
		if !errors.As(err, &wrapped) {
			break
		}
		err = wrapped.Err
	}
	if clean := plainWords(err.Error(), nil); clean != err.Error() {
		return errors.New(clean)
	}
	return err
}

// nameable is a reference as an error may show it: something that was pasted as a URL can hold a password or a token.
func nameable(reference string) string {
	reference, _, hasQuery := strings.Cut(reference, "?")
	digest := ""
	if at := strings.LastIndex(reference, "@"); at >= 0 && looksLikeDigest(reference[at+1:]) {
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
	return plainWords(reference+digest, nil)
}

func looksLikeDigest(s string) bool {
	return strings.HasPrefix(s, "sha256:") || strings.HasPrefix(s, "sha512:")
}
