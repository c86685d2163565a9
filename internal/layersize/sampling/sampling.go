// Package sampling learns how long a compressed layer is once it is unpacked,
// from a few range reads in the middle of it.
//
// # Windows
//
// A window is one range read. The stream is cut into equal strata, and each
// holds one window at a random offset, which scatters less than offsets drawn
// over the whole. The offsets come from a generator seeded with the stream's
// size and its last bytes, so that a layer gives the same answer every time.
//
// In gzip, decoding begins at the first block header that can be recognised
// at any bit: that of a dynamic block, whose codes must be complete, or of a
// stored block, whose length stands twice, or that of a member. A stored block may
// hold another gzip stream, so where one may reach beyond the window, the window is
// read on before anything is believed. From there on, blocks are decoded for their length; what is copied from
// before the window is unknown, but its length is not. Each slice of what was
// decoded is weighted with the inverse of its chance to be decoded at all, since
// a long block is found only by the windows that hold its begin. Of a window that
// was read on to prove its begin no more counts than of every other, or the
// data that need the proof would count twice.
//
// # Zstandard
//
// A zstd block begins with three bytes that say how long it is, so a chain of headers proves itself, whatever
// entropy tables the blocks repeat: each size leads to the next header, and the sections within a block must fit as
// well (zstdheaders.go). Encoders fill each block with 128 KiB, klauspost's fastest level with 64 KiB. The blocks
// that repeat no table are decoded: they show whether that is so, and where it is not, as with encoders that split
// blocks, they tell what the others come to. The sum of what the blocks decode to whose headers begin in the
// windows, by the sum of their lengths, is the ratio of the whole stream: no kind of data counts for more than
// another (zstdestimate.go).
//
// Long stretches of zeros, or of another byte, are packed in four to fourteen bytes for each block. Runs of such
// blocks are found by probes of 64 bytes on a grid, where one request serves many of them, and by windows; both
// their ends are found by halving (zstdruns.go). How long a run may hide between probes is said (Hidden).
//
// # From windows to a length
//
// Output by input over all windows, times the size, estimates the length. Its
// error is that of a ratio between stratified windows, of which neighbours are
// compared, with some prior scatter for the first few. Data that are expanded
// far more than the rest, such as zeros among random bytes, are counted apart:
// what k windows have seen of them is known no better than the rate of a
// Poisson process after k events.
//
// # From an estimate to the length
//
// A gzip stream ends with its length modulo 2^32, so candidates are 4 GiB
// apart. The trailer is also a check digit. If the windows are a fair sample,
// one candidate is near the estimate; if they have missed much, the true
// candidate is elsewhere, and that another is just where they point to is an
// accident, the rarer the smaller their error. So what must be small is not only
// the chance of the next candidate but that of an accident: windows are added
// until both are, or until the budget ends. Then the candidate is settled.
//
// Settled is still inferred, never known. A layer in which just such an amount
// of zeros hides that the trailer agrees is settled wrongly, and so is a stream
// of a few huge members where the last one's trailer happens to agree; see
// TestCorpus for how seldom.
//
// Where nothing is settled, the interval holds every candidate that is not
// very unlikely. A stream of several members has no candidates, since its
// trailer is that of the last one. Members are noticed when a window holds the
// end of one, as with the many small members of eStargz and bgzip; a few large
// ones are only suspected, when the trailer contradicts the windows. Zstd has no trailer at
// all: its bounds are what scatters between windows.
package sampling

// Interval is a best guess with bounds.
type Interval struct{ Value, Min, Max int64 }

// Estimate is what the windows say about the whole stream.
type Estimate struct {
	// Unpacked is the uncompressed length: the chosen candidate, three times,
	// when Settled.
	Unpacked Interval

	// Settled: the interval left exactly one candidate, or the stream was read whole.
	Settled bool

	// MultiMember: the end of a gzip member, or of a zstd frame, was seen before
	// another one: the trailer, or the first header, says nothing about the whole.
	MultiMember bool

	// Files is what the windows showed of the tar's entries.
	Files Files

	// Hidden is what may lie between the windows of a zstd stream.
	Hidden Hidden

	BytesRead int64
	Windows   int // requests
}
