package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	// minLength is the shortest secret that is cut out of a text: what is shorter may stand in any
	// text by chance.
	minLength = 8
	// window is how many characters of a longer secret are found in the middle of a text.
	window = 12
	// edge is how many are found at the ends of a text.
	edge = 5
)

// secret is one secret in the spellings that it is searched for, each in the form of canonical.
type secret struct {
	spellings [][]byte
	short     bool
}

func newSecret(value string) *secret {
	plain := canonicalString(value)
	s := &secret{short: len(plain) < minLength}
	add := func(spelling string) {
		found := []byte(canonicalString(spelling))
		least := 3 // of a spelling of a short secret; its plain form counts whatever its length
		if !s.short {
			least = minLength
		}
		isKnown := slices.ContainsFunc(s.spellings, func(known []byte) bool { return bytes.Equal(known, found) })
		if len(found) >= least && !isKnown {
			s.spellings = append(s.spellings, found)
		}
	}
	if s.short && plain != "" {
		s.spellings = append(s.spellings, []byte(plain))
	}
	add(value)
	add(unescapeString(value)) // what a text becomes whose escapes are taken away, where the secret holds some itself
	for _, form := range escapedForms(value) {
		for _, spelling := range base64Forms(form) {
			add(spelling)
		}
	}
	add(hex.EncodeToString([]byte(value)))
	return s
}

// escapedForms are the forms in which a secret may stand within what was then written in Base64.
func escapedForms(value string) []string {
	forms := []string{value, percentEncode(value)}
	if quoted, err := json.Marshal(value); err == nil {
		forms = append(forms, strings.Trim(string(quoted), `"`))
	}
	return slices.Compact(slices.Sorted(slices.Values(forms)))
}

func percentEncode(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c < 0x80 && (isAlphanumeric(c) || strings.IndexByte("-._~", c) >= 0) {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// base64Forms are what Base64 makes of a text, whatever stands around it. It writes three bytes as
// four characters, so what stands before shifts the text in one of three ways; the characters that
// the text shares with its neighbours are left out.
func base64Forms(text string) []string {
	var forms []string
	for before := range 3 {
		padded := append(make([]byte, before), text...)
		first, end := (before*8+5)/6, len(padded)*8/6
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, alphabet.EncodeToString(padded)[first:end])
		}
	}
	return forms
}
