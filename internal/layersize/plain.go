package layersize

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strconv"

	"golang.org/x/sync/errgroup"
)

const (
	walkStep     = 64 << 10 // one request of a walk
	walkRequests = 24
	plainWindow  = 32 << 10
	plainFirst   = 32 // windows at first
	plainWindows = 128
	plainAtOnce  = 8
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
		m.DiskBytes, m.Inodes, m.Exact, m.Note = counted.DiskBytes, counted.Inodes, counted.Exact, counted.Note
		return m, true
	}
	if !errors.Is(err, errBudget) && !errors.Is(err, errManyRequests) {
		p.passed("the tar was not walked", err)
	}
	m.DiskBytes = diskBytes(m.UnpackedBytes, p.plainFiles(files.entries))
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

// plainFiles estimates the entries of a tar from the headers in windows all over it:
// one window in each of equal parts, so that every region is seen, and twice as many
// until the disk's size is known to a twentieth. seen were counted for certain.
func (p *probe) plainFiles(seen int64) Interval {
	size := p.layer.Size
	var found density
	for round := int64(plainFirst); round <= plainWindows; round *= 2 {
		if !p.plainRound(round, &found) {
			break
		}
		if i := found.files(size); (i.Max-i.Min)*gainMax <= size/20 {
			break
		}
	}
	if found.n < 2 { // nothing to compare: it may be full of the smallest files
		return ordered(Interval{Value: max(seen, size/entryTypical), Min: seen, Max: size / (2 * tarBlock)})
	}
	i := found.files(size)
	return ordered(Interval{Value: max(seen, i.Value), Min: max(seen, i.Min), Max: i.Max})
}

// plainRound looks into n windows, several at once; false when the budget or the
// blob did not give all of them.
func (p *probe) plainRound(n int64, found *density) bool {
	// The same layer gets the same answer each time.
	random := rand.New(rand.NewPCG(uint64(p.layer.Size), uint64(n)))
	part := p.layer.Size / n
	counts := make([]int, n)
	var group errgroup.Group
	group.SetLimit(plainAtOnce)
	for i := range n {
		at := i*part + random.Int64N(max(1, part-plainWindow))
		at = max(0, min(at, p.layer.Size-plainWindow)) / tarBlock * tarBlock
		group.Go(func() error {
			window := make([]byte, min(plainWindow, p.layer.Size))
			counts[i] = -1
			if _, err := p.blob.ReadAt(window, at); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			counts[i] = headers(window)
			return nil
		})
	}
	err := group.Wait()
	for _, count := range counts {
		if count >= 0 {
			found.add(float64(count))
		}
	}
	return err == nil
}

// density gathers how many headers windows had.
type density struct{ n, sum, squares float64 }

func (d *density) add(headers float64) {
	d.n++
	d.sum += headers
	d.squares += headers * headers
}

// files is the number of headers in a tar of this size, within three standard errors
// and the rule of three: of n windows none met what makes up to 3/n of the tar, and
// that may be full of small files.
func (d *density) files(size int64) Interval {
	mean := d.sum / d.n
	deviation := math.Sqrt(max(0, d.squares/d.n-mean*mean) / (d.n - 1))
	windows := float64(size) / plainWindow
	unseen := float64(size) * 3 / d.n / entryDense
	return Interval{
		Value: int64(mean * windows),
		Min:   int64((mean - 3*deviation) * windows),
		Max:   int64((mean+3*deviation)*windows + unseen),
	}
}

// headers counts the blocks of a window that are headers of a tar: their checksum
// holds (POSIX.1-1988, "chksum": the sum of all bytes, with spaces in its own place).
func headers(window []byte) int {
	count := 0
	for ; len(window) >= tarBlock; window = window[tarBlock:] {
		if isHeader(window[:tarBlock]) {
			count++
		}
	}
	return count
}

func isHeader(block []byte) bool {
	const from, to = 148, 156
	switch kind := block[from+8]; {
	case block[0] == 0, kind == 'x', kind == 'g', kind == 'L', kind == 'K': // no name, or more headers of one entry
		return false
	}
	field := make([]byte, 0, to-from)
	for _, c := range block[from:to] {
		if c != ' ' && c != 0 {
			field = append(field, c)
		}
	}
	want, err := strconv.ParseInt(string(field), 8, 64)
	if err != nil {
		return false
	}
	sum := int64((to - from) * ' ')
	for i, c := range block {
		if i < from || i >= to {
			sum += int64(c)
		}
	}
	return sum == want
}
