package sampling

import (
	"slices"
	"sync"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// Memory keeps what windows of one stream were decoded to, for the next sample of that stream: a
// larger budget reads again most of what a smaller one has read. Windows are read, and count against
// the budget, as without it; only decoding is saved.
type Memory struct {
	gzip   decodings[windowKey, gzipWindow]
	places decodings[windowKey, zstdPlace] // windows of Zstandard
	pieces decodings[pieceKey, estimate.Place]
}

// windowKey is all that decides, beside the stream, on what a window decodes to.
type windowKey struct {
	isStart        bool // decoding begins with the first byte
	offset, length int64
	every          int64 // the length of every other window of gzip
}

// pieceKey is the same of a window of Zstandard that was completed: where its first block begins.
type pieceKey struct{ offset, first, length int64 }

// zstdPlace is what a window of Zstandard has shown, and the chains of headers in which it may have
// been decoded, were there more to see.
type zstdPlace struct {
	place estimate.Place
	weak  []zstdblock.WeakChain
}

// decodings are what was decoded, by what decides on that. Values are shared, and must not be changed.
type decodings[K comparable, V any] struct {
	mutex  sync.Mutex
	values map[K]V
}

// once returns the value of a key, which decode computes unless it is kept.
func (d *decodings[K, V]) once(key K, decode func() V) V {
	d.mutex.Lock()
	value, isKept := d.values[key]
	d.mutex.Unlock()
	if isKept {
		return value
	}
	value = decode()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.values == nil {
		d.values = map[K]V{}
	}
	d.values[key] = value
	return value
}

// copyPlace returns a place that may be changed: what is found behind its window is added to it.
func copyPlace(place estimate.Place) *estimate.Place {
	place.Blocks, place.Runs = slices.Clone(place.Blocks), slices.Clone(place.Runs)
	return &place
}
