package layersize

import (
	"bytes"
	"errors"
	"slices"
)

const (
	// A blob of this size costs one request, as its trailer alone would, so it is
	// read whole and counted.
	wholeBlob = 256 << 10
	// A longer one, up to this size and if the budget has room for all of it, is
	// counted when neither a table of contents nor headers tell its files: windows
	// would read as much of it, in many requests, and leave bounds.
	wholeRest = 2 << 20
	// What such blobs may unpack to, 264 MB: gzip, which reaches 1032:1, makes no more
	// of the smaller ones, and more is not worth the time.
	wholeUnpacked = wholeBlob * (deflateLimit + 1)
)

// whole counts a small blob from one range read.
func (p *probe) whole() (Measurement, bool) {
	data, err := p.blob.keep(0, p.layer.Size)
	if err != nil {
		if !errors.Is(err, errBudget) {
			p.passed("the blob was not read", err)
		}
		return Measurement{}, false
	}
	return p.counted(data)
}

// rest reads what is between a blob's two ends, if that is not much and the budget has
// room for it, and counts the whole.
func (p *probe) rest(head []byte) (Measurement, bool) {
	if p.layer.Size <= wholeBlob || p.layer.Size > wholeRest {
		return Measurement{}, false
	}
	tail, err := p.tail()
	between := p.layer.Size - int64(len(head)+len(tail))
	if err != nil || between > p.blob.left {
		return Measurement{}, false
	}
	middle := make([]byte, between)
	if _, err := p.blob.ReadAt(middle, int64(len(head))); err != nil {
		p.passed("the blob was not read", err)
		return Measurement{}, false
	}
	data := slices.Concat(head, middle, tail)
	p.blob.remember(0, data) // for windows, where it cannot be counted
	return p.counted(data)
}

// counted counts a blob that was read whole.
func (p *probe) counted(data []byte) (Measurement, bool) {
	m, err := count(p.ctx, bytes.NewReader(data), p.layer, Limits{UnpackedBytes: wholeUnpacked})
	if err != nil {
		p.passed("the blob was not counted", err)
		return Measurement{}, false
	}
	return m, true
}
