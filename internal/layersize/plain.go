package layersize

import (
	"errors"
	"io"
	"math"
)

const (
	walkStep     = 64 << 10 // one request of a walk
	walkRequests = 64       // one after another, so they cost as many round trips
	tarBlock     = 512
)

// plain measures a tar that is not compressed. Its length is known; its files are
// counted by walking from header to header where that is cheap, as it is for a few
// large files, and estimated from windows where it is not.
func (p *probe) plain() (Measurement, bool) {
	m := Measurement{UnpackedBytes: exactly(p.layer.Size), Method: MethodUncompressed}
	files, err := p.walk()
	if err == nil {
		counted := files.measurement()
		counted.UnpackedBytes, counted.Method = m.UnpackedBytes, m.Method
		return counted, true
	}
	if !errors.Is(err, errBudget) && !errors.Is(err, errManyRequests) {
		p.passed("the tar was not walked", err)
	}
	m.DiskBytes, m.LikelyInodes = p.plainDisk()
	if errors.Is(err, ErrNotTar) {
		m.refuse(RefusedNotTar)
	}
	return m, true
}

var errManyRequests = errors.New("the walk takes too many requests")

// walk counts the entries of a tar by its headers alone.
func (p *probe) walk() (*inventory, error) {
	files := newInventory()
	// Half of the budget is kept for windows, unless the whole tar is within it.
	requests := p.blob.left / walkStep
	if p.layer.Size > p.blob.left {
		requests /= 2
	}
	tape := &leaper{r: p.blob, size: p.layer.Size, limit: int(min(requests, walkRequests))}
	err := countTar(tape, files, DefaultEntries)
	if tape.err != nil {
		err = tape.err
	}
	return files, err
}

// leaper reads a tar from its start and leaps over what files hold. It fetches a
// window at a time, so that small files come with their neighbours.
type leaper struct {
	r        io.ReaderAt
	size     int64
	at       int64 // the next byte
	start    int64 // of the window
	window   []byte
	requests int
	limit    int // of requests
	err      error
}

func (l *leaper) Read(p []byte) (int, error) {
	if l.at >= l.size {
		return 0, io.EOF
	}
	if l.at < l.start || l.at >= l.start+int64(len(l.window)) {
		if err := l.load(); err != nil {
			l.err = err
			return 0, err
		}
	}
	n := copy(p, l.window[l.at-l.start:])
	l.at += int64(n)
	return n, nil
}

// load fetches the next window, as long as the walk is getting anywhere: at the
// pace so far it must come to the end within its requests.
func (l *leaper) load() error {
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
func (l *leaper) Seek(offset int64, whence int) (int64, error) {
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
