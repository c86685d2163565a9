package layersize

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"
)

const (
	plainWindow  = 32 << 10
	plainFirst   = 32  // windows at first
	plainWindows = 512 // in the last round
	plainAtOnce  = 32
)

// plainDisk estimates what the files of a tar hold on a disk, and how many they are,
// from the headers in windows all over it: one window in each of equal parts, so that
// every region is seen, and twice as many until the disk's size is known to a fiftieth.
func (p *probe) plainDisk() (disk Interval, inodes int64) {
	size := p.layer.Size
	var seen glimpses
	for round := int64(plainFirst); round <= plainWindows; round *= 2 {
		if !p.plainRound(round, &seen) {
			break
		}
		if i := seen.disk(size); i.Max-i.Min <= size/50 {
			break
		}
	}
	if seen.n < 2 { // nothing to compare: it may be full of the smallest files
		return diskBytes(exactly(size), Interval{Value: size / entryTypical, Max: size / (2 * tarBlock)}), 0
	}
	return seen.disk(size), seen.inodes(size)
}

// plainRound looks into n windows, several at once; false when the budget or the
// blob did not give all of them.
func (p *probe) plainRound(n int64, seen *glimpses) bool {
	// The same layer gets the same answer each time.
	random := rand.New(rand.NewPCG(uint64(p.layer.Size), uint64(n)))
	part := p.layer.Size / n
	found := make([]*glimpse, n)
	var group errgroup.Group
	group.SetLimit(plainAtOnce)
	for i := range n {
		at := i*part + random.Int64N(max(1, part-plainWindow))
		at = max(0, min(at, p.layer.Size-plainWindow)) / tarBlock * tarBlock
		group.Go(func() error {
			window := make([]byte, min(plainWindow, p.layer.Size))
			if _, err := p.blob.ReadAt(window, at); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			found[i] = look(window)
			return nil
		})
	}
	err := group.Wait()
	for _, g := range found {
		if g != nil {
			seen.add(*g)
		}
	}
	return err == nil
}

// glimpse is what one window shows.
type glimpse struct {
	entries int64
	gain    int64 // what the entries hold on the disk beyond their part of the tar, in bytes
}

// look finds the headers of a window and what their entries gain or lose.
func look(window []byte) *glimpse {
	var g glimpse
	for ; len(window) >= tarBlock; window = window[tarBlock:] {
		if h, ok := parseHeader(window[:tarBlock]); ok {
			g.entries += h.entries()
			g.gain += h.gain()
		}
	}
	return &g
}

// glimpses gathers windows.
type glimpses struct{ n, entries, gain, squares float64 }

func (s *glimpses) add(g glimpse) {
	s.n++
	s.entries += float64(g.entries)
	s.gain += float64(g.gain)
	s.squares += sq(float64(g.gain))
}

// disk is what a tar of this size holds, within three standard errors and the rule
// of three: of n windows none met what makes up to 3/n of the tar, and that may be
// full of small files. Directories may be longer by the names in them.
func (s *glimpses) disk(size int64) Interval {
	mean, windows := s.gain/s.n, float64(size)/plainWindow
	deviation := math.Sqrt(max(0, s.squares/s.n-mean*mean) / (s.n - 1))
	unseen := float64(size) * 3 / s.n / entryDense
	names := s.entries / s.n * windows * nameMax
	length := float64(size)
	return ordered(Interval{
		Value: wholeBlocks(int64(length + mean*windows)),
		Min:   wholeBlocks(int64(max(1, length+(mean-3*deviation)*windows-unseen*lossMax-tailMax))),
		Max:   wholeBlocks(int64(length + (mean+3*deviation)*windows + unseen*gainMax + names + blockSize*(1+length/extentsFrom))),
	})
}

// inodes is how many entries a tar of this size has, as the windows tell it.
func (s *glimpses) inodes(size int64) int64 {
	return int64(math.Ceil(s.entries / s.n * float64(size) / plainWindow))
}

func sq(x float64) float64 { return x * x }
