package sampling

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

const (
	// concurrentReads bounds the requests in flight for one layer: a window costs
	// latency, not bandwidth, and thirty-two of them are two megabytes.
	concurrentReads = 32
)

// decodeTurns bounds the windows of all layers that are decoded side by side, for which there are no
// more cores: what comes of one takes megabytes.
var decodeTurns = make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))

// takeTurn waits for a turn to decode, and returns what ends it.
func takeTurn() (end func()) {
	decodeTurns <- struct{}{}
	return func() { <-decodeTurns }
}

// maxWindows bounds the windows of one layer whatever its budget: a GiB of them.
const maxWindows = 1 << 14

var errBudget = errors.New("sampling: the budget is used up")

// source reads windows within a budget.
type source struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64
	mu     sync.Mutex
	left   int64 // of the budget
	read   int64
	nreads int
}

// take sets n bytes of the budget aside.
func (s *source) take(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.left {
		return false
	}
	s.left -= n
	s.read += n
	s.nreads++
	return true
}

// spare reports whether the budget has room for windows of n bytes beyond the first three.
func (s *source) spare(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left+s.read >= 6*n
}

// window reads up to n bytes at an offset, with slack behind them for the decoders.
func (s *source) window(offset, n int64) ([]byte, error) {
	n = min(n, s.size-offset)
	data := make([]byte, n+transcript.Slack)
	return data, s.fill(data[:n], offset)
}

func (s *source) fill(p []byte, offset int64) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.take(int64(len(p))) {
		return errBudget // the callers reckon with the budget beforehand
	}
	if n, err := s.r.ReadAt(p, offset); n < len(p) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("reading %d bytes at offset %d: %w", len(p), offset, err)
	}
	return nil
}

// each runs f for every offset, some at once, and reports a failure.
func each(offsets []int64, f func(i int, offset int64) error) error {
	var g errgroup.Group
	g.SetLimit(concurrentReads)
	for i, o := range offsets {
		g.Go(func() error { return f(i, o) })
	}
	return g.Wait()
}
