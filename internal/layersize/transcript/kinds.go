package transcript

// What a window shows of a header is often not all: among files that are alike, a header is mostly
// copied from the one before it, and so in the end from before the window. Then the kind and the
// size are learned from what stands around it.

// ReadEntries are the files of headers, in their order. A size that was copied from before the
// window is the distance to the next header. A kind is that of other headers whose kind was copied
// from the same place, if what follows one of them shows it: PAX records or a long name make an
// extended header, other content a regular file.
func (t *Text) ReadEntries(headers []int) []Entry {
	all := make([]Entry, len(headers))
	for i, at := range headers {
		all[i] = Entry{Kind: t.kindAt(at), Size: t.sizeAt(at)}
		if i+1 < len(headers) && all[i].Size < 0 {
			all[i].Size = int64(headers[i+1] - at - TarBlock)
		}
	}
	votes := t.kindVotes(headers, all)
	for i, at := range headers {
		if all[i].Kind == 0 {
			all[i].Kind = votes[t.Out[at+kindAt]].kind(all[i].Size)
		}
	}
	return all
}

const kindAt = 156

// kindAt is the type flag of a header, 0 where it is not known.
func (t *Text) kindAt(at int) byte {
	switch c := t.Out[at+kindAt]; {
	case !isKnown(c):
		return 0
	case c == 0:
		return '0' // as tar wrote regular files before POSIX.1-1988
	default:
		return byte(c)
	}
}

// sizeAt is the size in a header, negative where some of it is not known.
func (t *Text) sizeAt(at int) (size int64) {
	if t.Out[at+124]&0xff80 == 0x80 { // GNU's base-256 number
		return -1
	}
	for _, c := range t.Out[at+124 : at+136] {
		switch {
		case isOctal(c):
			size = size*8 + int64(c-'0')
		case !isKnown(c):
			return -1
		}
	}
	return size
}

// kindVote is what speaks for the kind of the headers whose kind was copied from one place.
type kindVote struct{ extended, regular, empty int }

// kind is what most speaks for, 0 where nothing does.
func (v kindVote) kind(size int64) byte {
	switch {
	case v.extended > v.regular+v.empty:
		return 'x'
	case v.regular > 0 && size != 0:
		return '0'
	}
	return 0
}

// kindVotes looks at what follows each header whose kind is not known, by the place that the kind
// was copied from. An extended header is never followed by another of its kind. So what looks like
// records in one file after the other is the files' own text, and so is what looks so before a
// header whose kind is the same byte.
func (t *Text) kindVotes(headers []int, all []Entry) map[uint16]kindVote {
	votes := map[uint16]kindVote{}
	nextExtended := false // as it looks
	for i := len(headers) - 2; i >= 0; i-- {
		at, next := headers[i], headers[i+1]
		place := t.Out[at+kindAt]
		extended := all[i].Size != 0 && t.describesNext(at, next)
		if all[i].Kind == 0 {
			vote := votes[place]
			switch {
			case all[i].Size == 0:
				vote.empty++
			case extended && !nextExtended && (place == Unknown || t.Out[next+kindAt] != place):
				vote.extended++
			default:
				vote.regular++
			}
			votes[place] = vote
		}
		nextExtended = extended
	}
	return votes
}

// describesNext reports whether what stands between two headers says more of the second one: a name
// that it begins with (GNU's long names, and PAX's), or PAX records, as far as they are known.
func (t *Text) describesNext(at, next int) bool {
	content, name := t.Out[at+TarBlock:next], t.Out[next:next+100]
	const pathAt = len("123 path=")
	return sameText(content, name) || len(content) > pathAt && sameText(content[pathAt:], name) || looksPAX(content)
}

// sameText reports whether two texts begin alike, for longer than by chance. What was copied from
// one place is alike.
func sameText(a, b []uint16) bool {
	const enough = 24
	for i := range enough {
		if i >= len(a) || i >= len(b) || a[i] != b[i] || a[i] == 0 || a[i] == Unknown {
			return false
		}
	}
	return true
}

// looksPAX reports whether a block can be PAX records of times and short texts: "30
// mtime=1700000000.123456789\n" and zeros behind. Some of what is known must be digits of a time.
func looksPAX(content []uint16) bool {
	if len(content) != TarBlock {
		return false
	}
	digits, length := 0, 0
	for i, c := range content {
		switch {
		case !isKnown(c):
		case c == 0:
			if length == 0 {
				length = i
			}
		case length > 0 || c > '~' || c < ' ' && c != '\n':
			return false
		case c >= '0' && c <= '9':
			digits++
		}
	}
	const least = 4
	return digits >= least && paxStart(content)
}

// paxStart reports whether a block may begin with a record's length, a space and a key in small
// letters or a dot.
func paxStart(content []uint16) bool {
	i := 0
	for ; i < 4 && (isDigit(content[i]) || !isKnown(content[i])); i++ {
	}
	for k := max(1, min(i, 2)); k <= i; k++ {
		if c := content[k]; (c == ' ' || !isKnown(c)) && isKeyLetter(content[k+1]) && isKeyLetter(content[k+2]) {
			return true
		}
	}
	return false
}

func isDigit(c uint16) bool { return c >= '0' && c <= '9' }

func isKeyLetter(c uint16) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || !isKnown(c)
}
