package rangeread

import "io"

// RangesReader is a blob that can read many ranges in one request.
type RangesReader interface {
	// ReadRanges fills each buffer with the bytes at its offset. The error is errors.ErrUnsupported
	// where the host serves one range per request.
	ReadRanges(buffers [][]byte, offsets []int64) error
}

// ServesOneRange reports whether a blob's host is known to serve one range per request. Only a blob
// with a method ServesOneRange knows.
func ServesOneRange(blob io.ReaderAt) bool {
	host, knows := blob.(interface{ ServesOneRange() bool })
	return knows && host.ServesOneRange()
}
