package zstdblock

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

func TestFindsWhatEncodersRepeat(t *testing.T) {
	t.Parallel()
	for _, p := range packtest.ZstdProducers() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			for _, of := range []byte{0, 2, 255} {
				noise := packtest.RandomBytes(rand.New(rand.NewPCG(1, 1)), 300_000)
				stream := p.Pack(t, append(noise, bytes.Repeat([]byte{of}, 16<<20)...))
				at := int64(len(stream) - 400)
				if r, ok := FindRun(stream[at:at+ProbeLength], at); !ok || r.Counted.Output/r.Counted.Length < 4096 {
					t.Errorf("bytes of %d: %+v of %x", of, r, stream[at:at+ProbeLength])
				}
			}
		})
	}
}

// TestWhatTwoPartsShareCountsOnce: parts of a run are counted by probes and by windows, and of those that
// overlap the one counts of which more was counted.
func TestWhatTwoPartsShareCountsOnce(t *testing.T) {
	t.Parallel()
	part := func(from, to, output int64) Run {
		return Run{From: from, To: to, Counted: Tally{Length: to - from, Output: output}}
	}
	counted := func(from, to, length, output int64) Run {
		return Run{From: from, To: to, Counted: Tally{Length: length, Output: output}}
	}
	for name, test := range map[string]struct {
		parts []Run
		want  []Run
	}{
		"one after the other":   {[]Run{part(10, 20, 5), part(0, 10, 7)}, []Run{part(0, 20, 12)}},
		"apart":                 {[]Run{part(0, 10, 7), part(11, 20, 5)}, []Run{part(0, 10, 7), part(11, 20, 5)}},
		"one within the other":  {[]Run{part(0, 20, 9), part(5, 15, 8)}, []Run{part(0, 20, 9)}},
		"one beyond the other":  {[]Run{part(0, 5, 4), part(0, 20, 9)}, []Run{part(0, 20, 9)}},
		"some of each in both":  {[]Run{part(0, 12, 4), part(10, 20, 9)}, []Run{counted(0, 20, 12, 4)}},
		"some, and more behind": {[]Run{part(0, 8, 4), part(6, 20, 9)}, []Run{counted(0, 20, 14, 9)}},
	} {
		if diff := cmp.Diff(test.want, MergeRuns(test.parts)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// TestPartsOfARunSayHowFarTheRestMayBe: those that are alike leave nothing to guess.
func TestPartsOfARunSayHowFarTheRestMayBe(t *testing.T) {
	t.Parallel()
	r := Run{From: 0, To: 1000}
	r.SetCounted([]Tally{{Length: 100, Output: 500}, {Length: 200, Output: 1000}})
	if all, _ := r.Content(); all != 5000 || r.Error != 0 {
		t.Errorf("%.0f bytes, %.0f off", all, r.Error)
	}
	r.SetCounted([]Tally{{Length: 100, Output: 400}, {Length: 100, Output: 600}})
	if all, _ := r.Content(); all != 5000 || r.Error < 700 || r.Error > 710 {
		t.Errorf("%.0f bytes, %.0f off, want 5000 and 707", all, r.Error)
	}
}

// TestWhatRepeatsTablesIsAGuess: what such a block decodes to is not known without those before it.
func TestWhatRepeatsTablesIsAGuess(t *testing.T) {
	t.Parallel()
	// One literal, one sequence, the tables of the block before, and a bitstream (RFC 8878 §3.1.1.3).
	repeats := []byte{5<<3 | blockCompressed<<1, 0, 0, 1 << 3, 0, 1, 0xfc, 1}
	rle := []byte{blockRLE << 1, 0, MaxBlock << 3 >> 16, 0}
	got := FollowShort(slices.Concat(repeats, rle, repeats, rle))
	if want := (Tally{Length: 24, Output: 4 * MaxBlock, Guessed: 2 * MaxBlock}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if all, guessed := (Run{From: 100, To: 148, Counted: got}).Content(); all != 8*MaxBlock || guessed != 4*MaxBlock {
		t.Errorf("a run that is twice as long: %.0f bytes, of which %.0f are guessed", all, guessed)
	}
}
