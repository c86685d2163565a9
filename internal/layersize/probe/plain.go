package probe

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/inventory"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

const (
	walkStep     = 64 << 10 // one request of a walk
	walkRequests = 64       // one after another, so they cost as many round trips
)

// plainTar measures a tar that is not compressed. Its length is known; its files are counted by
// walking from header to header where that is cheap, as it is for a few large files, and estimated
// from windows where it is not.
type plainTar struct{}

// Name implements Source.
func (plainTar) Name() string { return "tar" }

// Measure implements Source.
func (plainTar) Measure(_ context.Context, in *layersize.Input) (layersize.Measurement, error) {
	if err := in.CheckCompression(mediatype.None); err != nil {
		return layersize.Measurement{}, err
	}
	m := layersize.Measurement{UnpackedBytes: layersize.Exactly(in.Size), Method: layersize.MethodUncompressed}
	files, err := walkHeaders(in)
	if err == nil {
		counted := files.Measurement()
		counted.UnpackedBytes, counted.Method = m.UnpackedBytes, m.Method
		return counted, nil
	}
	if !errors.Is(err, rangeread.ErrBudget) && !errors.Is(err, errManyRequests) && in.Reader.Err() == nil {
		in.AddNote("the tar was not walked: %v", err)
	}
	m.DiskBytes, m.LikelyInodes = sampleTar(in)
	if errors.Is(err, layersize.ErrNotTar) {
		m.Refuse(layersize.RefusedNotTar)
	}
	return m, nil
}

var errManyRequests = errors.New("the walk takes too many requests")

// walkHeaders counts the entries of a tar by its headers alone.
func walkHeaders(in *layersize.Input) (*inventory.Inventory, error) {
	files := inventory.New()
	// Half of the budget is kept for windows, unless the whole tar is within it.
	requests := in.Reader.Left() / walkStep
	if in.Size > in.Reader.Left() {
		requests /= 2
	}
	tape := &headerReader{r: in.Reader, size: in.Size, limit: int(min(requests, walkRequests))}
	err := inventory.CountTar(tape, files, stream.DefaultEntries)
	if tape.err != nil {
		err = tape.err
	}
	return files, err
}

// headerReader reads a tar from its start and leaps over what files hold. It fetches a window at a
// time, so that small files come with their neighbours.
type headerReader struct {
	r        io.ReaderAt
	size     int64
	at       int64 // the next byte
	start    int64 // of the window
	window   []byte
	requests int
	limit    int // of requests
	err      error
}

func (l *headerReader) Read(p []byte) (int, error) {
	if l.at >= l.size {
		return 0, io.EOF
	}
	if l.at < l.start || l.at >= l.start+int64(len(l.window)) {
		if err := l.loadWindow(); err != nil {
			l.err = err
			return 0, err
		}
	}
	n := copy(p, l.window[l.at-l.start:])
	l.at += int64(n)
	return n, nil
}

// loadWindow fetches the next window, as long as the walk is getting anywhere: at the pace so far
// it must come to the end within its requests.
func (l *headerReader) loadWindow() error {
	const fair = 4 // requests that say nothing yet
	l.requests++
	if l.requests > l.limit || l.requests > fair && l.at/int64(l.requests) < l.size/int64(l.limit) {
		return errManyRequests
	}
	if l.window == nil {
		l.window = make([]byte, walkStep)
	}
	l.window = l.window[:min(walkStep, l.size-l.at)]
	l.start = l.at
	if _, err := l.r.ReadAt(l.window, l.at); err != nil && !errors.Is(err, io.EOF) {
		l.window = l.window[:0]
		return err
	}
	return nil
}

// Seek lets the reader of the tar leap.
func (l *headerReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		if offset > math.MaxInt64-l.at {
			return 0, io.ErrUnexpectedEOF
		}
		offset += l.at
	case io.SeekEnd:
		offset += l.size
	}
	if offset < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	l.at = offset
	return offset, nil
}
