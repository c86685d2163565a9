package probe

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ext4"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
)

const (
	plainWindow  = 32 << 10
	plainFirst   = 32  // windows at first
	plainWindows = 512 // in the last round
	plainAtOnce  = 32
)

// sampleTar estimates what the files of a tar hold on a disk, and how many they are, from the
// headers in windows all over it: one window in each of equal parts, so that every region is seen,
// and twice as many until the disk's size is known to a fiftieth.
func sampleTar(in *layersize.Input) (disk layersize.Interval, inodes int64) {
	size := in.Size
	var seen windowGains
	for round := int64(plainFirst); round <= plainWindows; round *= 2 {
		if !sampleRound(in, round, &seen) {
			break
		}
		if i := seen.estimateDisk(size); i.Max-i.Min <= size/50 {
			break
		}
	}
	if seen.n < 2 { // nothing to compare: it may be full of the smallest files
		entries := layersize.Interval{Value: size / tarball.TypicalEntry, Max: size / (2 * tarball.BlockSize)}
		return tarball.BoundDisk(layersize.Exactly(size), entries), 0
	}
	return seen.estimateDisk(size), seen.estimateInodes(size)
}

// sampleRound looks into n windows, several at once; false when the budget or the blob did not
// serve all of them.
func sampleRound(in *layersize.Input, n int64, seen *windowGains) bool {
	// The same layer gets the same answer each time.
	random := rand.New(rand.NewPCG(uint64(in.Size), uint64(n)))
	part := in.Size / n
	found := make([]*windowGain, n)
	var group errgroup.Group
	group.SetLimit(plainAtOnce)
	for i := range n {
		at := i*part + random.Int64N(max(1, part-plainWindow))
		at = max(0, min(at, in.Size-plainWindow)) / tarball.BlockSize * tarball.BlockSize
		group.Go(func() error {
			window := make([]byte, min(plainWindow, in.Size))
			if _, err := in.Reader.ReadAt(window, at); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			found[i] = findHeaders(window)
			return nil
		})
	}
	err := group.Wait()
	for _, g := range found {
		if g != nil {
			seen.addWindow(*g)
		}
	}
	return err == nil
}

// windowGain is what one window shows.
type windowGain struct {
	entries int64
	gain    int64 // what the entries hold on the disk beyond their part of the tar, in bytes
}

// findHeaders finds the headers of a window and what their entries gain or lose.
func findHeaders(window []byte) *windowGain {
	var g windowGain
	for ; len(window) >= tarball.BlockSize; window = window[tarball.BlockSize:] {
		if h, ok := tarball.ParseHeader(window[:tarball.BlockSize]); ok {
			g.entries += h.Entries()
			g.gain += h.Gain()
		}
	}
	return &g
}

// windowGains gathers windows.
type windowGains struct{ n, entries, gain, squares float64 }

func (s *windowGains) addWindow(g windowGain) {
	s.n++
	s.entries += float64(g.entries)
	s.gain += float64(g.gain)
	s.squares += square(float64(g.gain))
}

// estimateDisk is what a tar of this size holds, within three standard errors and the rule of
// three: of n windows none met what makes up to 3/n of the tar, and that may be full of small
// files. Directories may be longer by the names in them.
func (s *windowGains) estimateDisk(size int64) layersize.Interval {
	mean, windows := s.gain/s.n, float64(size)/plainWindow
	deviation := math.Sqrt(max(0, s.squares/s.n-mean*mean) / (s.n - 1))
	unseen := float64(size) * 3 / s.n / tarball.DenseEntry
	names := s.entries / s.n * windows * tarball.MostNameBytes
	length := float64(size)
	extents := disksize.BlockSize * (1 + length/ext4.ExtentsFrom)
	least := length + (mean-3*deviation)*windows - unseen*tarball.MostLoss - tarball.MostTail
	most := length + (mean+3*deviation)*windows + unseen*tarball.MostGain + names + extents
	return layersize.Interval{
		Value: disksize.Blocks(int64(length + mean*windows)),
		Min:   disksize.Blocks(int64(max(1, least))),
		Max:   disksize.Blocks(int64(most)),
	}.InOrder()
}

// estimateInodes is how many entries a tar of this size has, by the windows.
func (s *windowGains) estimateInodes(size int64) int64 {
	return int64(math.Ceil(s.entries / s.n * float64(size) / plainWindow))
}

func square(x float64) float64 { return x * x }
