package probe

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
)

// TestBlobsAreReadAsContainerdReadsThem: each was pulled with containerd 1.6.20.
func TestBlobsAreReadAsContainerdReadsThem(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Mixture(60, 3000)...)
	old := withoutMagic(layertest.MakeTar(t, layertest.Regular("a", 5000)))
	packed, z := layertest.Gzip(t, data), layertest.Zstd(t, data)
	for name, test := range map[string]struct {
		mediaType string
		blob      []byte
		refused   []layersize.Refusal
	}{
		"gzip":                         {layertest.TypeOCIGzip, packed, nil},
		"Zstandard said to be gzip":    {layertest.TypeOCIGzip, z, nil},
		"gzip said to be Zstandard":    {layertest.TypeOCIZstd, packed, nil},
		"a tar said to be gzip":        {layertest.TypeOCIGzip, data, nil},
		"a tar without magic":          {layertest.TypeOCIGzip, old, nil},
		"gzip said to be Docker's tar": {"application/vnd.docker.image.rootfs.diff.tar", packed, nil},
		"gzip said to be a tar": {
			layertest.TypeOCIPlain, packed, []layersize.Refusal{{Reason: layersize.RefusedCompressed}},
		},
		"Zstandard said to be a tar": {
			layertest.TypeOCIPlain, z, []layersize.Refusal{{Reason: layersize.RefusedCompressed}},
		},
		"gzip of an unknown suffix": {
			layertest.TypeOCIPlain + "+foo", packed, []layersize.Refusal{{Reason: layersize.RefusedCompressed}},
		},
		"a tar of an unknown suffix": {layertest.TypeOCIPlain + "+foo", data, nil},
		"two members": {
			layertest.TypeOCIGzip, append(layertest.Gzip(t, data[:1000]), layertest.Gzip(t, data[1000:])...), nil,
		},
		"zeros behind gzip": {
			layertest.TypeOCIGzip, append(bytes.Clone(packed), make([]byte, 512)...),
			[]layersize.Refusal{{Reason: layersize.RefusedTrailing}},
		},
		"garbage behind gzip": {
			layertest.TypeOCIGzip, append(bytes.Clone(packed), "garbage"...),
			[]layersize.Refusal{{Reason: layersize.RefusedTrailing}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := stream.Measure(t.Context(), layertest.NewLayer(test.mediaType, test.blob), stream.Limits{})
			if err != nil || m.Exact != (test.refused == nil) || !slices.Equal(m.Refusals, test.refused) {
				t.Errorf("streamed: %+v, %v; want refusals %q", m, err, test.refused)
			}
			small, err := Measure(t.Context(), layertest.NewLayer(test.mediaType, test.blob), 10<<20)
			if err != nil || small.Exact != (test.refused == nil) || !slices.Equal(small.Refusals, test.refused) {
				t.Errorf("probed: %+v, %v; want refusals %q", small, err, test.refused)
			}
		})
	}
}

// withoutMagic makes a tar of one header one that is older than POSIX.
func withoutMagic(data []byte) []byte {
	data = bytes.Clone(data)
	sum := 0
	copy(data[257:265], make([]byte, 8))
	copy(data[148:156], "        ")
	for _, c := range data[:512] {
		sum += int(c)
	}
	copy(data[148:156], strconv.FormatInt(int64(sum)+1<<18, 8)[1:]+"\x00 ")
	return data
}

func TestLargeBlobsThatAreReadAsTheyAreAreRefusedFromSamples(t *testing.T) {
	t.Parallel()
	m, _ := probed(
		t,
		layertest.NewLayer(layertest.TypeOCIPlain, layertest.Gzip(t, layertest.Incompressible(t))),
		200_000,
	)
	if m.Exact || !slices.Contains(m.Refusals, layersize.Refusal{Reason: layersize.RefusedCompressed}) {
		t.Errorf("%+v", m)
	}
}
