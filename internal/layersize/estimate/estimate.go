// Package estimate infers the length of a compressed layer, and what files its tar has, from what
// windows in the middle of it have shown.
//
// # Observations
//
// Each span of what a window of gzip decoded is weighted with the inverse of its chance to be
// decoded at all, since a long block is found only by the windows that hold its begin. Of a window
// that was read on to prove its begin no more counts than of every other, or the data that need the
// proof would count twice. In Zstandard each block counts whose header begins in a window: the sum
// of what they decode to, by the sum of their lengths, is the ratio of the whole stream, and no
// kind of data counts for more than another (zstd.go). How long a run of zeros may hide is said
// (Hidden).
//
// # From windows to a length
//
// Output by input over all windows, times the size, estimates the length. Its error is that of a
// ratio between stratified windows, of which neighbours are compared, with some prior scatter for
// the first few. Data that are expanded far more than the rest, such as zeros among random bytes,
// are counted apart: what k windows have seen of them is known no better than the rate of a Poisson
// process after k events.
//
// # From an estimate to the length
//
// A gzip stream ends with its length modulo 2^32, so candidates are 4 GiB apart. The trailer is
// also a check digit. If the windows are a fair sample, one candidate is near the estimate; if they
// have missed much, the true candidate is elsewhere, and that another is just where they point to
// is an accident, the rarer the smaller their error. So what must be small is not only the chance
// of the next candidate but that of an accident: the sampler adds windows until both are, or until
// the budget ends. Then the candidate is settled.
//
// Settled is still inferred, never known. A layer in which just such an amount of zeros hides that
// the trailer agrees is settled wrongly, and so is a stream of a few huge members where the last
// one's trailer happens to agree; see TestCorpus of package sampling for how seldom.
//
// Where nothing is settled, the interval holds every candidate that is not very unlikely. A stream
// of several members has no candidates, since its trailer is that of the last one. Members are
// noticed when a window holds the end of one, as with the many small members of eStargz and bgzip;
// a few large ones are only suspected, when the trailer contradicts the windows. Zstandard has no
// trailer at all: its bounds are what scatters between windows.
package estimate

import "github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"

// Estimate is what the windows say about the whole stream.
type Estimate struct {
	// Unpacked is the uncompressed length: the chosen candidate, three times,
	// when Settled.
	Unpacked layersize.Interval

	// Settled: the interval left exactly one candidate, or the stream was read whole.
	Settled bool

	// MultiMember: the end of a gzip member, or of a zstd frame, was seen before
	// another one: the trailer, or the first header, says nothing about the whole.
	MultiMember bool

	// Files is what the windows showed of the tar's entries.
	Files Files

	// Hidden is what may lie between the windows of a zstd stream.
	Hidden layersize.HiddenZeros

	BytesRead int64
	Windows   int // requests
}
