package redact

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// span is a part of a text, from its first byte to the one behind its last.
type span struct{ from, to int32 }

// findSecrets returns where a text holds secrets. With edges, a few characters of one at either end
// of the text count too.
func findSecrets(text string, secrets []*secret, edges bool) []span {
	if len(secrets) == 0 || text == "" {
		return nil
	}
	var spans []span
	visitViews(text, func(v *view) bool {
		spans = append(spans, v.findSecrets(secrets, edges)...)
		return true
	})
	return spans
}

// holdsShort reports whether a text holds one of the secrets that are too short to be cut out.
func holdsShort(text string, secrets []*secret) bool {
	short := slices.DeleteFunc(slices.Clone(secrets), func(s *secret) bool { return !s.short })
	if len(short) == 0 {
		return false
	}
	found := false
	visitViews(text, func(v *view) bool {
		found = slices.ContainsFunc(short, func(s *secret) bool {
			return slices.ContainsFunc(
				s.spellings, func(spelling []byte) bool { return bytes.Contains(v.bytes, spelling) },
			)
		})
		return !found
	})
	return found
}

// visitViews visits the canonical form of a text, and of what its escapes stand for, layer by
// layer.
func visitViews(text string, visit func(*view) bool) {
	v := newFullView(text)
	for range maxDepth + 1 {
		if !visit(v.toCanonical()) {
			return
		}
		next, changed := v.unescape()
		if !changed {
			return
		}
		v = next
	}
}

// findSecrets searches one view. Every spelling runs over the view's windows, rather than the view
// over those of the spellings: a text is short, and what a process holds may be long.
func (v *view) findSecrets(secrets []*secret, edges bool) []span {
	covered := make([]bool, len(v.bytes))
	cover := func(from, to int) {
		for i := from; i < to; i++ {
			covered[i] = true
		}
	}
	index := newWindowIndex(v.bytes)
	for _, s := range secrets {
		if s.short {
			continue
		}
		for _, spelling := range s.spellings {
			index.coverMatches(spelling, cover)
			if edges {
				coverEdges(v.bytes, spelling, cover)
			}
		}
	}
	var spans []span
	for i := 0; i < len(covered); i++ {
		if !covered[i] {
			continue
		}
		first := i
		for i+1 < len(covered) && covered[i+1] {
			i++
		}
		spans = append(spans, span{v.from[first], v.to[i]})
	}
	return spans
}

// coverEdges covers the beginning of a spelling at the end of a text, and its end at the beginning.
func coverEdges(text, spelling []byte, cover func(from, to int)) {
	most := min(window, len(spelling), len(text)+1) - 1
	for k := most; k >= edge; k-- {
		if bytes.HasSuffix(text, spelling[:k]) {
			cover(len(text)-k, len(text))
			break
		}
	}
	for k := most; k >= edge; k-- {
		if bytes.HasPrefix(text, spelling[len(spelling)-k:]) {
			cover(0, k)
			break
		}
	}
}

// windowIndex holds where each window of a text stands, until it was matched once: a table of
// chains of places, which count from one.
type windowIndex struct {
	text  []byte
	heads []int32
	next  []int32
	shift uint
}

func newWindowIndex(text []byte) *windowIndex {
	x := &windowIndex{text: text}
	if len(text) < window {
		return x
	}
	size := max(bits.Len(uint(len(text)))+1, 14) // so large that most of the spellings' windows find no chain at all
	x.heads, x.next, x.shift = make([]int32, 1<<size), make([]int32, len(text)+1), uint(64-size)
	for i := range len(text) - window + 1 {
		h := x.hashWindow(text[i:])
		x.next[i+1], x.heads[h] = x.heads[h], int32(i+1)
	}
	return x
}

func (x *windowIndex) hashWindow(window []byte) uint64 {
	const prime = 0x9E3779B97F4A7C15
	first, last := binary.LittleEndian.Uint64(window), uint64(binary.LittleEndian.Uint32(window[8:]))
	return (first*prime ^ last*(prime>>7|1)) * prime >> x.shift
}

// coverMatches covers what of the text is a spelling, or any window of it.
func (x *windowIndex) coverMatches(spelling []byte, cover func(from, to int)) {
	if len(spelling) < window {
		for at := 0; ; at++ {
			next := bytes.Index(x.text[at:], spelling)
			if next < 0 {
				return
			}
			at += next
			cover(at, at+len(spelling))
		}
	}
	if x.heads == nil {
		return
	}
	for i := range len(spelling) - window + 1 {
		for place := &x.heads[x.hashWindow(spelling[i:])]; *place != 0; {
			at := int(*place) - 1
			if !bytes.Equal(x.text[at:at+window], spelling[i:i+window]) {
				place = &x.next[*place]
				continue
			}
			cover(at, at+window)
			*place = x.next[*place] // it is covered, and need not be found again
		}
	}
}

// replaceSpans puts Mark in the place of spans, which may overlap.
func replaceSpans(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var b strings.Builder
	end := int32(0)
	for i := 0; i < len(spans); {
		joined := spans[i]
		for i++; i < len(spans) && spans[i].from <= joined.to; i++ {
			joined.to = max(joined.to, spans[i].to)
		}
		b.WriteString(text[end:joined.from])
		b.WriteString(Mark)
		end = joined.to
	}
	b.WriteString(text[end:])
	return b.String()
}
