package acctest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// FindSecret returns where a text contains a secret: as it is, in hexadecimal or escapes, or within
// Base64, which is how HTTP's basic authentication writes a password (RFC 7617), behind a user name
// of any length. It returns -1 if there is none.
func FindSecret(text, secret string) (at int) {
	for _, form := range secretForms(secret) {
		if at := strings.Index(text, form); at >= 0 {
			return at
		}
	}
	return -1
}

// secretForms are what a text is searched for. Base64 writes three bytes as four characters, so
// what stands before the secret shifts it in one of three ways; the characters at both ends that it
// shares with its neighbours are left out.
func secretForms(secret string) []string {
	var percents, escapes strings.Builder
	for _, c := range []byte(secret) {
		fmt.Fprintf(&percents, "%%%02X", c)
		fmt.Fprintf(&escapes, `\u%04x`, c)
	}
	digits := hex.EncodeToString([]byte(secret))
	forms := []string{
		secret,
		percents.String(),
		strings.ToLower(percents.String()),
		escapes.String(),
		digits,
		strings.ToUpper(digits),
	}
	for before := range 3 {
		padded := append(make([]byte, before), secret...)
		first, end := (before*8+5)/6, len(padded)*8/6
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, alphabet.EncodeToString(padded)[first:end])
		}
	}
	return forms
}
