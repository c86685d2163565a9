package measure_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// TestTwoImagesCountedFileByFile: the sums against sums made by hand.
func TestTwoImagesCountedFileByFile(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	base := layer(t, 1, imagetest.File{Name: "base", Size: 10_000, Like: imagetest.Text})
	one := layer(
		t,
		2,
		imagetest.File{Name: "one", Size: 1, Like: imagetest.Noise},
		imagetest.File{Name: "d/two", Size: 4097, Like: imagetest.Noise},
	)
	two := layer(t, 3, imagetest.File{Name: "three", Size: 0})
	images := []string{s.push(t, "a/first:v1", base, one), s.push(t, "b/second:v1", base, two)}

	report, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, images...))
	if err != nil {
		t.Fatal(err)
	}
	layers := []v1.Layer{base, one, two}
	var compressed, required int64
	for _, l := range layers {
		compressed += size(t, l)
		required += blocks(size(t, l))
	}
	blobs := int64(len(layers))
	for _, image := range report.Images {
		for _, d := range image.Metadata {
			blobs++
			compressed += d.Size
			required += blocks(d.Size)
		}
	}
	const files = 3*block + block + 2*block // base; one and d/two
	const directories = 3*block + block     // the root of each layer, and d
	const snapshots = 3 * 2 * block         // what the snapshotter keeps for each layer
	required += files + directories + snapshots
	if report.CompressedBytes != compressed {
		t.Errorf("compressed %d, want %d", report.CompressedBytes, compressed)
	}
	if want := (layersize.Interval{Value: required, Min: required, Max: required}); report.RequiredBytes != want {
		t.Errorf("required %+v, want %+v", report.RequiredBytes, want)
	}
	if unpacked := base.Unpacked + one.Unpacked + two.Unpacked; report.UnpackedBytes.Value != unpacked ||
		report.Images[0].UnpackedBytes != base.Unpacked+one.Unpacked {
		t.Errorf(
			"unpacked %d and %d, want %d and %d",
			report.UnpackedBytes.Value,
			report.Images[0].UnpackedBytes,
			unpacked,
			base.Unpacked+one.Unpacked,
		)
	}
	if !report.Exact || report.Inodes == nil || *report.Inodes != 4+4+3*2+blobs {
		t.Errorf(
			"exact %v, inodes %v, want 4 files, 4 directories, 2 for each layer, and %d blobs",
			report.Exact,
			report.Inodes,
			blobs,
		)
	}
}

func TestManifestOpensNoLayer(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := layer(t, 1, imagetest.File{Name: "x", Size: 1 << 20, Like: imagetest.Text})
	image := s.push(t, "a/x:v1", l)
	s.since()
	report, err := measurer(t, nil).Measure(t.Context(), request(measure.Manifest, image))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range s.since() {
		if strings.HasSuffix(line, digest(t, l)) {
			t.Errorf("the layer was opened: %s", line)
		}
	}
	required := report.RequiredBytes
	if report.Exact || report.Inodes != nil || required.Min >= required.Value || required.Value >= required.Max {
		t.Errorf("a ratio was called sure: %+v", report)
	}
	if got := report.Images[0].Measurements[0].Method; got != layersize.MethodRatio {
		t.Errorf("method %s", got)
	}
}

// TestEachModeReadsAsItSays: auto streams what fits and ranges over the rest, sample never asks for
// a whole layer, full streams all.
func TestEachModeReadsAsItSays(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	small := layer(t, 1, imagetest.File{Name: "small", Size: 100_000, Like: imagetest.Noise})
	large := layer(t, 2, imagetest.File{Name: "large", Size: 12 << 20, Like: imagetest.Noise})
	image := s.push(t, "a/x:v1", small, large)
	// A layer of less than 256 KiB is read by one range, and counted all the same.
	for mode, want := range map[measure.Mode]struct{ exact, whole [2]bool }{
		measure.Auto:   {exact: [2]bool{true, false}, whole: [2]bool{true, false}},
		measure.Sample: {exact: [2]bool{true, false}},
		measure.Full:   {exact: [2]bool{true, true}, whole: [2]bool{true, true}},
	} {
		r := request(mode, image)
		r.ReadBudget = 4 << 20
		s.since()
		report, err := measurer(t, nil).Measure(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		got := [2]bool{report.Images[0].Measurements[0].Exact, report.Images[0].Measurements[1].Exact}
		if got != want.exact {
			t.Errorf("%s: exact %v, want %v", mode, got, want.exact)
		}
		asked := s.askedWhole()
		for i, l := range []*imagetest.Layer{small, large} {
			if whole := count(asked, digest(t, l)) > 0; whole != want.whole[i] {
				t.Errorf("%s: layer %d was asked for without a range: %v, want %v", mode, i, whole, want.whole[i])
			}
			if unpacked := report.Images[0].Measurements[i].UnpackedBytes; unpacked.Min > l.Unpacked ||
				unpacked.Max < l.Unpacked {
				t.Errorf("%s: %+v does not hold %d", mode, unpacked, l.Unpacked)
			}
		}
	}
}

// TestTheDiskHasInodesForWhatIsOnlyEstimated: one layer is counted and the other is not; the disk
// must have room for the files of both, though their number is unknown.
func TestTheDiskHasInodesForWhatIsOnlyEstimated(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var files []imagetest.File
	for i := range 4_000 {
		files = append(files, imagetest.File{Name: fmt.Sprintf("%d.bin", i), Size: 700, Like: imagetest.Noise})
	}
	image := s.push(
		t,
		"a/x:v1",
		layer(t, 1, imagetest.File{Name: "few", Size: 1_000, Like: imagetest.Noise}),
		layer(t, 2, files...),
	)
	full, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, image))
	if err != nil {
		t.Fatal(err)
	}
	r := request(measure.Auto, image)
	r.ReadBudget = 1 << 20
	sampled, err := measurer(t, nil).Measure(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if sampled.Inodes != nil || !sampled.Images[0].Measurements[0].Exact {
		t.Fatalf("nothing was left to estimate, or everything: %+v", sampled)
	}
	if got := full.Disk().Inodes; got != *full.Inodes {
		t.Errorf("the disk is to have %d inodes, and %d were counted", got, *full.Inodes)
	}
	if got := sampled.Disk().Inodes; got < *full.Inodes*95/100 || got > *full.Inodes*2 {
		t.Errorf("the disk is to have %d inodes, for %d", got, *full.Inodes)
	}
}

// TestProgressIsLogged, layer by layer, of what takes its time.
func TestProgressIsLogged(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	long := layer(t, 1, imagetest.File{Name: "long", Size: 40 << 20})
	short := layer(t, 2, imagetest.File{Name: "short", Size: 1 << 20})
	m := measurer(t, nil)
	var mu sync.Mutex
	var unpacked []int64
	m.Log = func(_ context.Context, message string, fields map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		if message != "streaming layer" {
			return
		}
		done, isNumber := fields["unpacked_bytes"].(int64)
		read, isNumberToo := fields["compressed_bytes"].(int64)
		if fields["layer"] != digest(t, long) || fields["of"] != size(t, long) || !isNumber || !isNumberToo ||
			read < 1 ||
			read > size(t, long) {
			t.Errorf("%v", fields)
		}
		unpacked = append(unpacked, done)
	}
	if _, err := m.Measure(t.Context(), request(measure.Full, s.push(t, "a/x:v1", long, short))); err != nil {
		t.Fatal(err)
	}
	if len(unpacked) != 2 || unpacked[0] < 16<<20 || unpacked[1] < 32<<20 {
		t.Errorf("told after %v bytes, want every 16 MiB of 40", unpacked)
	}
}

func TestAnImageTwiceIsCountedOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	image := s.push(t, "a/x:v1", layer(t, 1, imagetest.File{Name: "x", Size: 5000}))
	once, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, image))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, image, image))
	if err != nil {
		t.Fatal(err)
	}
	if once.RequiredBytes != twice.RequiredBytes || once.CompressedBytes != twice.CompressedBytes {
		t.Errorf("once %+v, twice %+v", once, twice)
	}
}

func TestErrorsNameTheImageAndItsHost(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	image := s.push(t, "a/x:v1", layer(t, 1, imagetest.File{Name: "x", Size: 5000}))
	for name, test := range map[string]struct {
		image, platform string
		kind            failure.Kind
	}{
		"no such tag":      {strings.Replace(image, ":v1", ":v2", 1), "linux/amd64", failure.NotFound},
		"no such platform": {image, "linux/s390x", failure.NoPlatform},
		"no server there":  {"127.0.0.1:1/a/x:v1", "linux/amd64", failure.Unreachable},
		"no reference":     {"Not A Reference", "linux/amd64", failure.InvalidReference},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request(measure.Auto, image, test.image)
			r.Platform = test.platform
			_, err := measurer(t, nil).Measure(t.Context(), r)
			var failed *failure.Error
			if !errors.As(err, &failed) || failed.Kind != test.kind {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(err.Error(), failed.Image) || failed.Image == "" {
				t.Errorf("%v does not name the image", err)
			}
		})
	}
}

func TestMeasuringEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	image := s.push(t, "a/x:v1", layer(t, 1, imagetest.File{Name: "x", Size: 5000}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := measurer(t, nil).Measure(ctx, request(measure.Full, image)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
