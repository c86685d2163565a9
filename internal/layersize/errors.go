package layersize

import (
	"errors"
	"fmt"
)

// What can be wrong with a layer that its registry gives as its descriptor says. The
// errors of Stream wrap one of these, one of those below, the context's error, or the
// error of the blob that failed to read.
var (
	ErrCompression    = errors.New("the blob's compression is damaged or unknown")
	ErrWindow         = errors.New("the Zstandard window is larger than the limit")
	ErrBomb           = errors.New("the layer unpacks to more than the limit")
	ErrTooManyEntries = errors.New("the layer has more entries than the limit")
	ErrNotTar         = errors.New("the layer is not a readable tar")

	// ErrTable is that of a table of contents, within the blob or beside it, that is no true one.
	ErrTable = errors.New("the table of contents cannot be used")

	// ErrFirstWindow is ErrWindow of the first frame: its header says so before anything is unpacked.
	ErrFirstWindow = fmt.Errorf("%w, from the first frame on", ErrWindow)
)

// What the registry's own checks come before, and what is not told to callers.
var (
	errNoBlob    = errors.New("the layer cannot be read")
	errSize      = errors.New("the descriptor's size is negative")
	errTooLong   = errors.New("the blob is longer than its descriptor says")
	errTruncated = errors.New("the blob is shorter than its descriptor says")

	errBudget = errors.New("the read budget is spent")
)
