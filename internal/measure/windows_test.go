package measure_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/keep"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/sandbox"
)

// TestAutoProbesWhatItMayNotStream: a layer whose window is too large, from its first frame on or behind it. Full, which owes the
// count, says so.
func TestAutoProbesWhatItMayNotStream(t *testing.T) {
	t.Parallel()
	s := watched(t)
	_, tarball := indexable(t, 1)
	large := zstdLayer(t, tarball, zstd.WithWindowSize(64<<20))
	half := len(tarball) / 2
	late := glued(t, tarball, zstdLayer(t, tarball[:half]), zstdLayer(t, tarball[half:], zstd.WithWindowSize(64<<20)))
	tiny := zstdLayer(t, tarball[:1<<20], zstd.WithWindowSize(64<<20))
	plain := layer(t, 1, sandbox.File{Name: "x", Size: 5000})
	for name, test := range map[string]struct {
		refused *blob
		tarball []byte
		methods []layersize.Method
	}{
		"a large window":         {large, tarball, []layersize.Method{layersize.MethodSampled}},
		"a large window, late":   {late, tarball, []layersize.Method{layersize.MethodRatio}},
		"a large window, little": {tiny, tarball[:1<<20], []layersize.Method{layersize.MethodSampled}},
	} {
		reference := s.host + "/windows/" + string([]rune(name)[len(name)-4:]) + ":v1"
		pushed(t, reference, imageOf(t, plain, test.refused))
		dir := t.TempDir()
		report, err := measurer(t, keep.In(dir)).Measure(t.Context(), request(measure.Auto, reference))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := report.Images[0].Measurements[1]
		if u := got.UnpackedBytes; u.Min > int64(len(test.tarball)) || u.Max < int64(len(test.tarball)) || got.Exact || !slices.Contains(test.methods, got.Method) {
			t.Errorf("%s: %+v does not hold %d", name, got, len(test.tarball))
		}
		if beside := report.Images[0].Measurements[0]; beside.Method != layersize.MethodStreamed {
			t.Errorf("%s: the layer beside it is %+v", name, beside)
		}
		s.since()
		again, err := measurer(t, keep.In(dir)).Measure(t.Context(), request(measure.Auto, reference))
		if err != nil || again.RequiredBytes != report.RequiredBytes || len(s.since()) != 1 {
			t.Errorf("%s: a second look differs, or costs more than a HEAD: %v", name, err)
		}
		_, err = measurer(t, keep.In(dir)).Measure(t.Context(), request(measure.Full, reference))
		var failed *measure.LayerError
		if !errors.As(err, &failed) || !errors.Is(err, layersize.ErrWindow) || failed.Digest != digest(t, test.refused) {
			t.Errorf("%s: full gave %v", name, err)
		}
	}
}

// glued is a layer of several frames.
func glued(t *testing.T, tarball []byte, parts ...*blob) *blob {
	t.Helper()
	var all bytes.Buffer
	for _, part := range parts {
		body, err := part.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := all.ReadFrom(body); err != nil {
			t.Fatal(err)
		}
	}
	return &blob{static.NewLayer(all.Bytes(), types.OCILayerZStd), zstdLayer(t, tarball).diffID, int64(all.Len())}
}
