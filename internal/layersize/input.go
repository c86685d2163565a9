package layersize

import (
	"context"
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// Input is a layer that sources measure in turn, and what they share: the budget, the ranges that
// were read, and what is to be said of the sources that were passed over.
type Input struct {
	Layer
	Budget int64             // bytes that sources may read
	Reader *rangeread.Reader // reads the blob, and remembers what several sources look at
	Ends   int64             // how many bytes of the blob's start and end are read

	// Compression is that of the media type, until the blob's first bytes show another.
	Compression mediatype.Compression

	start, end  *rangeRead
	Notes       []string
	refusals    []Reason
	unconfirmed *Measurement
	lister      string // the source that was not confirmed
	refuted     string
	fault       error
}

// rangeRead is one of the blob's ends, or why it was not read.
type rangeRead struct {
	data []byte
	err  error
}

const (
	// Both ends of a blob are read: the start shows its compression, the end has trailer, footers,
	// and small tables of contents. They are as long as the windows of samples, which then need not
	// ask again.
	mostEndBytes  = 64 << 10
	leastEndBytes = 4 << 10

	// WholeBlobBytes is the size of a blob up to which all of it costs one request, as its trailer
	// alone would: such a blob is read whole.
	WholeBlobBytes = 256 << 10
)

// StartBytes returns how many bytes of a blob's start are read before anything else, of a blob that
// is not read whole.
func StartBytes(budget int64) int64 { return min(max(budget/8, leastEndBytes), mostEndBytes) }

// NewInput returns the input for sources that read at most budget bytes together.
func NewInput(ctx context.Context, l Layer, budget int64) *Input {
	return &Input{
		Layer: l, Budget: budget, Ends: StartBytes(budget), Compression: compression.Declared(l.MediaType),
		Reader: rangeread.New(ctx, l.Blob, l.Size, budget),
	}
}

// AddNote adds to the note of the measurement that is made in the end.
func (in *Input) AddNote(format string, arguments ...any) {
	in.Notes = append(in.Notes, fmt.Sprintf(format, arguments...))
}

// AddRefusal notes that containerd does not unpack the layer, whatever source measures it.
func (in *Input) AddRefusal(reason Reason) { in.refusals = append(in.refusals, reason) }

// ReadStart returns the first bytes of the blob, after which Compression is what they show. Where
// they cannot be read it returns ErrNotApplicable, and a note says why.
func (in *Input) ReadStart() ([]byte, error) {
	if in.start != nil {
		return in.start.data, in.start.err
	}
	in.fetchEnds()
	in.start = in.readEnd(0, "the blob was not opened")
	if in.start.err == nil {
		declared := in.Compression
		in.Compression = compression.Detect(in.start.data)
		if declared != "" && declared != in.Compression {
			in.AddNote("the blob is not what its media type says")
		}
	}
	return in.start.data, in.start.err
}

// fetchEnds reads both ends of a compressed blob with one request, where its host serves two
// ranges. Sources want both. Where that is not possible, each is read when it is wanted.
func (in *Input) fetchEnds() {
	if in.Compression == mediatype.None || in.Size <= 2*in.Ends || in.Reader.Left() < 2*in.Ends {
		return
	}
	ends := rangeread.List{}
	ends.Add(0, in.Ends)
	ends.Add(in.Size-in.Ends, in.Ends)
	if in.Reader.ReadRanges(ends.Buffers, ends.Offsets) == nil {
		for i, at := range ends.Offsets {
			in.Reader.Remember(at, ends.Buffers[i])
		}
	}
}

// ReadEnd returns the last bytes of the blob, or fails as ReadStart does.
func (in *Input) ReadEnd() ([]byte, error) {
	if in.end == nil {
		in.end = in.readEnd(max(in.Size-in.Ends, 0), "the end of the blob was not read")
	}
	return in.end.data, in.end.err
}

func (in *Input) readEnd(at int64, failure string) *rangeRead {
	data, err := in.Reader.ReadAndKeep(at, min(in.Ends, in.Size-at))
	if err != nil {
		if in.Reader.Err() == nil {
			in.AddNote("%s: %v", failure, err)
		}
		err = ErrNotApplicable
	}
	return &rangeRead{data, err}
}

// CheckCompression returns ErrNotApplicable unless the blob's first bytes show this compression.
func (in *Input) CheckCompression(packed mediatype.Compression) error {
	if _, err := in.ReadStart(); err != nil {
		return err
	}
	if in.Compression != packed {
		return ErrNotApplicable
	}
	return nil
}

// WasOpened reports whether the blob's first bytes were looked at.
func (in *Input) WasOpened() bool { return in.start != nil && in.start.err == nil }
