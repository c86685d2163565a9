package layersize

import (
	"strings"
	"testing"
)

func TestProbeCountsSmallBlobsWholeInOneRequest(t *testing.T) {
	t.Parallel()
	data := makeTar(t, mixture(40, 4000)...)
	want := stream(t, data)
	for mediaType, blob := range map[string][]byte{typeOCIPlain: data, typeOCIGzip: gzipped(t, data), typeOCIZstd: zstdCompressed(t, data)} {
		m, used := probed(t, layer(mediaType, blob), probeBudget)
		if m.Method != MethodStreamed || !m.Exact || m.DiskBytes != want.DiskBytes || m.UnpackedBytes != want.UnpackedBytes || m.Note != "" {
			t.Errorf("%s: %+v", mediaType, m)
		}
		if used.requests != 1 || used.read != int64(len(blob)) {
			t.Errorf("%s: %d requests, %d bytes", mediaType, used.requests, used.read)
		}
	}
}

// TestProbeCountsWhatItMayReadWhole: windows would read as much of such a layer, in many requests, and leave bounds.
func TestProbeCountsWhatItMayReadWhole(t *testing.T) {
	t.Parallel()
	data := incompressible(t)
	want := stream(t, data)
	for mediaType, blob := range map[string][]byte{typeOCIGzip: gzipped(t, data), typeOCIZstd: zstdCompressed(t, data)} {
		size := int64(len(blob))
		m, used := probed(t, layer(mediaType, blob), size)
		if m.Method != MethodStreamed || !m.Exact || m.DiskBytes != want.DiskBytes || m.UnpackedBytes != want.UnpackedBytes || m.Note != "" {
			t.Errorf("%s: %+v", mediaType, m)
		}
		if used.requests != 3 || used.read != size {
			t.Errorf("%s: %d requests, %d bytes", mediaType, used.requests, used.read)
		}
		if m, used := probed(t, layer(mediaType, blob), size-1); m.Exact || used.requests < 4 {
			t.Errorf("%s, with a byte less: %d requests, %+v", mediaType, used.requests, m)
		}
	}
}

// TestProbeSamplesWhatItReadButCannotCount: a small blob may unpack to more than is worth counting, or to no tar. Its windows
// cost nothing then.
func TestProbeSamplesWhatItReadButCannotCount(t *testing.T) {
	t.Parallel()
	zeros := makeTar(t, regular("noise", 300_000), file{Header: regular("zeros", 0).Header, content: make([]byte, wholeUnpacked)})
	noise := makeTar(t, regular("noise", 1<<20))[512:]
	for name, data := range map[string][]byte{"more than is counted": zeros, "no tar": noise} {
		for mediaType, blob := range map[string][]byte{typeOCIGzip: gzipped(t, data), typeOCIZstd: zstdCompressed(t, data)} {
			m, used := probed(t, layer(mediaType, blob), int64(len(blob)))
			if m.Exact || m.Method == MethodRatio || !strings.Contains(m.Note, "the blob was not counted") || used.requests != 3 {
				t.Errorf("%s, %s: %d requests, %+v", name, mediaType, used.requests, m)
			}
			if m.UnpackedBytes.Min > int64(len(data)) || m.UnpackedBytes.Max < int64(len(data)) {
				t.Errorf("%s, %s: %d is not within %+v", name, mediaType, len(data), m.UnpackedBytes)
			}
		}
	}
}
