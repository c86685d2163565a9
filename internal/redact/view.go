package redact

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how often one encoding may stand within another.
const maxDepth = 4

// view is a text as it reads once something was taken away. Byte i stands for the bytes from[i] to
// to[i] of the original.
type view struct {
	bytes    []byte
	from, to []int32
}

func newFullView(text string) *view {
	v := &view{bytes: []byte(text), from: make([]int32, len(text)), to: make([]int32, len(text))}
	for i := range v.bytes {
		v.from[i], v.to[i] = int32(i), int32(i+1)
	}
	return v
}

// appendBytes adds what the bytes first to last of another view stand for.
func (v *view) appendBytes(text []byte, of *view, first, last int) {
	for _, c := range text {
		v.bytes = append(v.bytes, c)
		v.from = append(v.from, of.from[first])
		v.to = append(v.to, of.to[last])
	}
}

func newEmptyView(size int) *view {
	return &view{bytes: make([]byte, 0, size), from: make([]int32, 0, size), to: make([]int32, 0, size)}
}

// toCanonical leaves out what does not change how a text reads (blanks, invisible and broken
// characters), and folds letter case. The plus sign goes too, which is a blank in a form.
func (v *view) toCanonical() *view {
	out := newEmptyView(len(v.bytes))
	var folded [utf8.UTFMax]byte
	for i := 0; i < len(v.bytes); {
		r, size := utf8.DecodeRune(v.bytes[i:])
		if r != '+' && !unicode.IsSpace(r) && !isHidden(r) && (r != utf8.RuneError || size > 1) {
			n := utf8.EncodeRune(folded[:], unicode.ToLower(r))
			out.appendBytes(folded[:n], v, i, i+size-1)
		}
		i += size
	}
	return out
}

func canonicalString(text string) string { return string(newFullView(text).toCanonical().bytes) }

// unescape takes away one layer of escapes: %41, %u0041, \u0041, \x41, \n, \/, &amp;, &#65;. An
// escape that the end of the text cuts short is left out.
func (v *view) unescape() (out *view, changed bool) {
	out = newEmptyView(len(v.bytes))
	for i := 0; i < len(v.bytes); {
		text, size := decodeEscape(v.bytes[i:])
		if size == 0 {
			out.appendBytes(v.bytes[i:i+1], v, i, i)
			i++
			continue
		}
		out.appendBytes(text, v, i, i+size-1)
		changed = true
		i += size
	}
	return out, changed
}

func unescapeString(text string) string {
	v := newFullView(text)
	for range maxDepth {
		next, changed := v.unescape()
		if !changed {
			break
		}
		v = next
	}
	return string(v.bytes)
}

// decodeEscape returns what the escape at the start of a text stands for, and its length: 0 where
// there is none.
func decodeEscape(text []byte) (decoded []byte, size int) {
	switch text[0] {
	case '%':
		if len(text) > 1 && (text[1] == 'u' || text[1] == 'U') {
			return decodeCodePoint(text, 2, 4)
		}
		return decodeOctet(text, 1)
	case '\\':
		return decodeBackslash(text)
	case '&':
		return decodeEntity(text)
	}
	return nil, 0
}

// letterEscapes are the escapes of one letter, in JSON and Go.
var letterEscapes = map[byte]byte{
	'"':  '"',
	'\'': '\'',
	'\\': '\\',
	'/':  '/',
	'a':  '\a',
	'b':  '\b',
	'f':  '\f',
	'n':  '\n',
	'r':  '\r',
	't':  '\t',
	'v':  '\v',
}

func decodeBackslash(text []byte) ([]byte, int) {
	if len(text) == 1 {
		return nil, 1 // cut short
	}
	switch text[1] {
	case 'u':
		return decodeCodePoint(text, 2, 4)
	case 'U':
		return decodeCodePoint(text, 2, 8)
	case 'x':
		return decodeOctet(text, 2)
	}
	if c, known := letterEscapes[text[1]]; known {
		return []byte{c}, 2
	}
	return nil, 0
}

// decodeOctet decodes two hexadecimal digits at a place.
func decodeOctet(text []byte, at int) ([]byte, int) {
	n, size := parseHexDigits(text, at, 2)
	if size <= 0 {
		return nil, -size
	}
	return []byte{byte(n)}, size
}

// decodeCodePoint decodes hexadecimal digits at a place, and two escapes where they are a pair of
// surrogates.
func decodeCodePoint(text []byte, at, digits int) ([]byte, int) {
	n, size := parseHexDigits(text, at, digits)
	if size <= 0 {
		return nil, -size
	}
	r := rune(n)
	if utf16.IsSurrogate(r) && len(text) > size+at && bytes.Equal(text[size:size+at], text[:at]) {
		if low, lowSize := parseHexDigits(text[size:], at, digits); lowSize > 0 {
			if pair := utf16.DecodeRune(r, rune(low)); pair != unicode.ReplacementChar {
				return utf8.AppendRune(nil, pair), size + lowSize
			}
		}
	}
	return utf8.AppendRune(nil, r), size
}

// parseHexDigits returns a number and where it ends. The end is 0 where there is not a number, and
// negative where the text ends within it.
func parseHexDigits(text []byte, at, digits int) (n uint64, end int) {
	end = min(at+digits, len(text))
	for _, c := range text[at:end] {
		if !isAlphanumeric(c) || c > 'f' || c > 'F' && c < 'a' {
			return 0, 0
		}
	}
	if end < at+digits {
		return 0, -end
	}
	n, err := strconv.ParseUint(string(text[at:end]), 16, 32)
	if err != nil {
		return 0, 0
	}
	return n, end
}

// maxEntity is the length of the longest name of a character in HTML, with its marks.
const maxEntity = 34

func decodeEntity(text []byte) ([]byte, int) {
	within := text[:min(len(text), maxEntity)]
	for i, c := range within[1:] {
		switch {
		case c == ';':
			entity := string(within[:i+2])
			if decoded := html.UnescapeString(entity); decoded != entity {
				return []byte(decoded), len(entity)
			}
			return nil, 0
		case !isAlphanumeric(c) && !(c == '#' && i == 0):
			return nil, 0
		}
	}
	if len(within) == len(text) && len(text) < 8 && (len(text) == 1 || strings.ContainsRune("#aglqn", rune(text[1]))) {
		return nil, len(text) // cut short
	}
	return nil, 0
}
