package redact

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isHidden is true for what a terminal obeys or does not show: control characters, ESC among them,
// marks that turn the direction of a text, characters without width, and fillers.
func isHidden(r rune) bool {
	switch {
	case r == ' ', r >= '!' && r <= '~':
		return false
	case r == 0x034F, // combining grapheme joiner
		r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, // fillers of Hangul
		r == 0x17B4, r == 0x17B5, r == 0x2800,
		// variation selectors, tags
		r >= 0x180B && r <= 0x180F, r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	case unicode.IsSpace(r):
		return false
	}
	return !unicode.IsPrint(r)
}

// escapeHidden writes hidden characters as their number, and any kind of blank as a space.
func escapeHidden(text string) string {
	clean := true
	for _, r := range text {
		if r != ' ' && (r == utf8.RuneError || unicode.IsSpace(r) || isHidden(r)) {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	var b strings.Builder
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case isHidden(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case isHidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

// truncateText ends a text that is too long with a mark.
func truncateText(text string, maxRunes int) string {
	if len(text) <= maxRunes {
		return text
	}
	if runes := []rune(text); len(runes) > maxRunes {
		return string(runes[:maxRunes-1]) + "…"
	}
	return text
}

var (
	// A query holds the signature of a presigned URL.
	queries = regexp.MustCompile(`\?[^\s"'<>]+`)
	// RFC 3986, section 3.2.1: userinfo stands before an @ in the authority.
	userinfo = regexp.MustCompile(`//[^/\s"'<>]*@`)
	// The header of a signed request, as the cloud's API has it (TC3-HMAC-SHA256).
	signatures = regexp.MustCompile(`(?i)(signature=)[0-9a-f]{16,}`)
)

// withoutQueries removes what others' URLs and headers may hold: userinfo, queries and signatures.
// Their secrets are not known here.
func withoutQueries(text string) string {
	text = userinfo.ReplaceAllString(text, "//…@")
	text = queries.ReplaceAllString(text, "?…")
	return signatures.ReplaceAllString(text, "${1}"+Mark)
}
