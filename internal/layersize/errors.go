package layersize

import (
	"errors"
	"fmt"
)

// What can be wrong with a layer that its registry serves as its descriptor says. The errors of a
// stream wrap one of these, the context's error, or the error of the blob that failed to read.
var (
	ErrCompression    = errors.New("the blob's compression is damaged or unknown")
	ErrWindow         = errors.New("the Zstandard window is larger than the limit")
	ErrBomb           = errors.New("the layer unpacks to more than the limit")
	ErrTooManyEntries = errors.New("the layer has more entries than the limit")
	ErrNotTar         = errors.New("the layer is not a readable tar")

	// ErrTable is that of a table of contents, within the blob or beside it, that is no true one.
	// Its text and the next one's follow the name of the source.
	ErrTable = errors.New("cannot be used")

	// ErrUnconfirmed is that of a table of contents that checks neither refute nor confirm.
	ErrUnconfirmed = errors.New("is not confirmed")

	// ErrFirstWindow is ErrWindow of the first frame: its header says so before anything is
	// unpacked.
	ErrFirstWindow = fmt.Errorf("%w, from the first frame on", ErrWindow)
)

// ErrSize is that of a descriptor that cannot be.
var ErrSize = errors.New("the descriptor's size is negative")
