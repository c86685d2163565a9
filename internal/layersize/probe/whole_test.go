package probe

import (
	"slices"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
)

func TestProbeCountsSmallBlobsWholeInOneRequest(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Mixture(40, 4000)...)
	want := streamtest.CountFiles(t, data)
	for mediaType, blob := range map[string][]byte{
		layertest.TypeOCIPlain: data,
		layertest.TypeOCIGzip:  layertest.Gzip(t, data),
		layertest.TypeOCIZstd:  layertest.Zstd(t, data),
	} {
		m, used := probed(t, layertest.NewLayer(mediaType, blob), probeBudget)
		if m.Method != layersize.MethodStreamed || !m.Exact || m.DiskBytes != want.DiskBytes ||
			m.UnpackedBytes != want.UnpackedBytes ||
			m.Note != "" {
			t.Errorf("%s: %+v", mediaType, m)
		}
		if used.Requests != 1 || used.Read != int64(len(blob)) {
			t.Errorf("%s: %d requests, %d bytes", mediaType, used.Requests, used.Read)
		}
	}
}

// TestProbeCountsWhatItMayReadWhole: windows would read as much of such a layer, in many requests,
// and leave bounds.
func TestProbeCountsWhatItMayReadWhole(t *testing.T) {
	t.Parallel()
	data := layertest.Incompressible(t)
	want := streamtest.CountFiles(t, data)
	for mediaType, blob := range map[string][]byte{
		layertest.TypeOCIGzip: layertest.Gzip(t, data), layertest.TypeOCIZstd: layertest.Zstd(t, data),
	} {
		size := int64(len(blob))
		m, used := probed(t, layertest.NewLayer(mediaType, blob), size)
		if m.Method != layersize.MethodStreamed || !m.Exact || m.DiskBytes != want.DiskBytes ||
			m.UnpackedBytes != want.UnpackedBytes ||
			m.Note != "" {
			t.Errorf("%s: %+v", mediaType, m)
		}
		if used.Requests != 3 || used.Read != size {
			t.Errorf("%s: %d requests, %d bytes", mediaType, used.Requests, used.Read)
		}
		if m, used := probed(t, layertest.NewLayer(mediaType, blob), size-1); m.Exact || used.Requests < 4 {
			t.Errorf("%s, with a byte less: %d requests, %+v", mediaType, used.Requests, m)
		}
	}
}

// TestProbeSamplesWhatItReadButCannotCount: a small blob may unpack to more than is worth counting,
// or to no tar. Its windows cost nothing then.
func TestProbeSamplesWhatItReadButCannotCount(t *testing.T) {
	t.Parallel()
	zeros := layertest.MakeTar(
		t,
		layertest.Regular("noise", 300_000),
		layertest.File{Header: layertest.Regular("zeros", 0).Header, Content: make([]byte, wholeUnpacked)},
	)
	noise := layertest.MakeTar(t, layertest.Regular("noise", 1<<20))[512:]
	for name, data := range map[string][]byte{"more than is counted": zeros, "no tar": noise} {
		for mediaType, blob := range map[string][]byte{
			layertest.TypeOCIGzip: layertest.Gzip(t, data), layertest.TypeOCIZstd: layertest.Zstd(t, data),
		} {
			m, used := probed(t, layertest.NewLayer(mediaType, blob), int64(len(blob)))
			if m.Exact || m.Method == layersize.MethodRatio || !strings.Contains(m.Note, "whole blob: ") ||
				used.Requests != 3 {
				t.Errorf("%s, %s: %d requests, %+v", name, mediaType, used.Requests, m)
			}
			if m.UnpackedBytes.Min > int64(len(data)) || m.UnpackedBytes.Max < int64(len(data)) {
				t.Errorf("%s, %s: %d is not within %+v", name, mediaType, len(data), m.UnpackedBytes)
			}
		}
	}
}

// TestDamageThatWasSeenIsRefused: a blob that was read to its end and could not be counted is one
// that containerd cannot unpack.
func TestDamageThatWasSeenIsRefused(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Mixture(40, 4000)...)
	packed := layertest.Gzip(t, data)
	half := append(slices.Clone(data[:len(data)/1024*512]), make([]byte, 512)...)
	torn := slices.Concat(half, data[len(data)/1024*512:]) // an empty block between entries
	for name, test := range map[string]struct {
		mediaType string
		blob      []byte
		refused   layersize.Reason
	}{
		"a gzip stream that ends early": {layertest.TypeOCIGzip, packed[:len(packed)-100], layersize.RefusedDamaged},
		"another checksum": {
			layertest.TypeOCIGzip, append(slices.Clone(packed[:len(packed)-8]), make([]byte, 8)...),
			layersize.RefusedDamaged,
		},
		"a zstd frame that ends early": {
			layertest.TypeOCIZstd, layertest.Zstd(t, data)[:4000], layersize.RefusedDamaged,
		},
		"a large blob that ends early": {
			layertest.TypeOCIGzip, layertest.Gzip(t, layertest.Incompressible(t))[:700_000], layersize.RefusedDamaged,
		},
		"a tar that goes on behind its end": {layertest.TypeOCIGzip, layertest.Gzip(t, torn), layersize.RefusedNotTar},
		"no tar at all": {
			layertest.TypeOCIGzip, []byte("neither gzip nor a tar"), layersize.RefusedNotTar,
		},
	} {
		m, _ := probed(t, layertest.NewLayer(test.mediaType, test.blob), probeBudget)
		if m.Exact || !slices.Equal(m.Refusals, []layersize.Refusal{{Reason: test.refused}}) {
			t.Errorf("%s: exact %v, refusals %q", name, m.Exact, m.Refusals)
		}
	}
}
