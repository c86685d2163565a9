package stream

import (
	"errors"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// InterruptedError is the failure to read a layer to its end, with what was counted by then.
type InterruptedError struct {
	Err      error
	Read     int64                 // bytes of the blob
	Unpacked int64                 // bytes of the tar
	Counted  layersize.Measurement // the files whose headers were read
}

// Error implements error.
func (e *InterruptedError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *InterruptedError) Unwrap() error { return e.Err }

// isUnread reports whether a stream ended because its blob could not be read, rather than for what
// was read of it.
func (s *blobReader) isUnread() bool {
	return s.err != nil && !errors.Is(s.err, errTooLong) && !errors.Is(s.err, errTruncated)
}
