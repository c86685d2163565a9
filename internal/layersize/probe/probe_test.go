package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

const probeBudget = 16 << 20

func probed(t testing.TB, l layersize.Layer, budget int64) (layersize.Measurement, *layertest.Memory) {
	t.Helper()
	m, err := Measure(context.Background(), l, budget)
	if err != nil {
		t.Fatal(err)
	}
	blob := l.Blob.(*layertest.Memory)
	if blob.Read > max(budget, 0) {
		t.Fatalf("%d bytes were read of a budget of %d", blob.Read, budget)
	}
	if blob.Opened > 0 {
		t.Fatal("the blob was opened as a whole")
	}
	return m, blob
}

func TestProbeNeverExceedsItsBudget(t *testing.T) {
	t.Parallel()
	data := layertest.Incompressible(t)
	blobs := map[string][]byte{
		layertest.TypeOCIPlain: data,
		layertest.TypeOCIGzip:  layertest.Gzip(t, data),
		layertest.TypeOCIZstd:  layertest.Zstd(t, data),
	}
	for mediaType, blob := range blobs {
		for _, budget := range []int64{
			math.MinInt64, -1, 0, 1, 100, 4096, 5000, 20480, 50_000, 200_000, 400_000, 900_000,
		} {
			m, used := probed(t, layertest.NewLayer(mediaType, blob), budget)
			if budget < 100 && (used.Requests > 0 || m.Method != Declare(layertest.NewLayer(mediaType, blob)).Method) {
				t.Errorf("%s with %d bytes: %d requests, %+v", mediaType, budget, used.Requests, m)
			}
			if m.UnpackedBytes.Min > int64(len(data)) || m.UnpackedBytes.Max < int64(len(data)) {
				t.Errorf(
					"%s with %d bytes: %d is not within %+v (%s)",
					mediaType,
					budget,
					len(data),
					m.UnpackedBytes,
					m.Method,
				)
			}
		}
	}
}

func TestProbeFallsBackWhereRangesAreIgnored(t *testing.T) {
	t.Parallel()
	data := layertest.Incompressible(t)
	annotated := map[string]string{layersize.AnnotationStargzSize: fmt.Sprint(len(data))}
	for name, test := range map[string]struct {
		mediaType   string
		blob        []byte
		annotations map[string]string
		want        layersize.Method
	}{
		"gzip":       {layertest.TypeOCIGzip, layertest.Gzip(t, data), nil, layersize.MethodRatio},
		"annotated":  {layertest.TypeOCIGzip, layertest.Gzip(t, data), annotated, layersize.MethodAnnotation},
		"tar":        {layertest.TypeOCIPlain, data, nil, layersize.MethodUncompressed},
		"small gzip": {layertest.TypeOCIGzip, layertest.Gzip(t, layertest.MakeTar(t)), nil, layersize.MethodRatio},
	} {
		l := layertest.NewLayer(test.mediaType, test.blob)
		l.Annotations = test.annotations
		l.Blob.(*layertest.Memory).NoRange = true
		m, used := probed(t, l, probeBudget)
		if m.Method != test.want || m.Exact || !strings.Contains(m.Note, "the server ignores Range") {
			t.Errorf("%s: %+v", name, m)
		}
		if used.Requests != 1 {
			t.Errorf("%s: asked %d times, though the first answer said enough", name, used.Requests)
		}
	}
}

func TestProbeWalksATarOfLargeFiles(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(
		t,
		layertest.Directory("models/"),
		layertest.Regular("models/a", 3<<20),
		layertest.Regular("models/b", 2<<20),
		layertest.Regular("config", 100),
	)
	want := streamtest.CountFiles(t, data)
	m, used := probed(t, layertest.NewLayer(layertest.TypeOCIPlain, data), 1<<20)
	if m.Method != layersize.MethodUncompressed || !m.Exact || m.DiskBytes != want.DiskBytes ||
		*m.Inodes != *want.Inodes {
		t.Errorf("got %+v, want %+v", m, want)
	}
	if used.Requests > 6 {
		t.Errorf("%d requests", used.Requests)
	}
}

func TestProbeEstimatesATarOfManyFiles(t *testing.T) {
	t.Parallel()
	for _, mean := range []int64{500, 5_000, 20_000, 200_000} {
		data := layertest.MakeTar(t, layertest.Mixture(int(min(30<<20/mean, 4000)), mean)...)
		want := streamtest.CountFiles(t, data)
		m, used := probed(t, layertest.NewLayer(layertest.TypeOCIPlain, data), 1<<20)
		if m.Method != layersize.MethodUncompressed || m.Exact || m.Inodes != nil ||
			m.UnpackedBytes != layersize.Exactly(int64(len(data))) {
			t.Errorf("files of %d bytes: %+v", mean, m)
		}
		if m.DiskBytes.Min > want.DiskBytes.Value || m.DiskBytes.Max < want.DiskBytes.Value {
			t.Errorf("files of %d bytes: %d is not within %+v", mean, want.DiskBytes.Value, m.DiskBytes)
		}
		if used.Requests > walkRequests+2*plainWindows {
			t.Errorf("files of %d bytes: %d requests", mean, used.Requests)
		}
	}
}

func TestProbeTrustsTheBytesMoreThanTheMediaType(t *testing.T) {
	t.Parallel()
	data := layertest.Incompressible(t)
	m, _ := probed(t, layertest.NewLayer(layertest.TypeOCIGzip, data), 200_000)
	if m.Method != layersize.MethodUncompressed || m.UnpackedBytes != layersize.Exactly(int64(len(data))) ||
		!strings.Contains(m.Note, "media type") {
		t.Errorf("a tar said to be gzip: %+v", m)
	}
	m, _ = probed(t, layertest.NewLayer(layertest.TypeOCIPlain, layertest.Gzip(t, data)), 200_000)
	if m.Method == layersize.MethodUncompressed || m.UnpackedBytes.Max < int64(len(data)) {
		t.Errorf("gzip said to be a tar: %+v", m)
	}
	m, _ = probed(
		t,
		layertest.NewLayer(layertest.TypeOCIGzip, bytes.Repeat([]byte("nothing known "), 100_000)),
		200_000,
	)
	if m.Method != layersize.MethodUncompressed || m.Exact ||
		!slices.Equal(m.Refusals, []layersize.Refusal{{Reason: layersize.RefusedNotTar}}) {
		t.Errorf("something else: %+v", m)
	}
}

func TestProbeDeclaresWhatItCannotRead(t *testing.T) {
	t.Parallel()
	l := layersize.Layer{MediaType: layertest.TypeOCIGzip, Size: 1 << 30}
	m, err := Measure(t.Context(), l, probeBudget)
	if err != nil || m.Method != layersize.MethodRatio || m.DiskBytes != Declare(l).DiskBytes ||
		m.UnpackedBytes != Declare(l).UnpackedBytes {
		t.Errorf("got %+v, error %v", m, err)
	}
	if _, err := Measure(t.Context(), layersize.Layer{Size: -1}, probeBudget); !errors.Is(err, layersize.ErrSize) {
		t.Errorf("a negative size gave %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Measure(
		canceled,
		layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, layertest.Incompressible(t))),
		probeBudget,
	)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled context gave %v", err)
	}
}

func TestTheTrailerSettlesOnlyWhatItCan(t *testing.T) {
	t.Parallel()
	trail := func(isize uint32) []byte {
		return append(make([]byte, 14), byte(isize), byte(isize>>8), byte(isize>>16), byte(isize>>24))
	}
	plain := append([]byte{0x1f, 0x8b, 8, 0}, make([]byte, 14)...)
	extra := append([]byte{0x1f, 0x8b, 8, 4}, make([]byte, 14)...)
	for name, test := range map[string]struct {
		head  []byte
		isize uint32
		size  int64
		ok    bool
	}{
		"a small blob":                        {plain, 10 << 20, 4_000_000, true},
		"the last that leaves one candidate":  {plain, 2 << 20, 4_000_000, true},
		"the first that leaves two":           {plain, 2 << 20, 4_170_000, false},
		"a larger ISIZE":                      {plain, 4 << 28, 5_000_000, true}, // with 4 GiB more it would be 1073:1
		"a last member that is far too small": {plain, 1000, 4 << 20, false},
		"more than 1032:1":                    {plain, 2 << 30, 1 << 20, false},
		"an extra field, as bgzip writes it":  {extra, 10 << 20, 4 << 20, false},
		"hardly a header":                     {plain[:9], 10 << 20, 4 << 20, false},
	} {
		length, ok := readTrailer(test.head, trail(test.isize), test.size)
		if ok != test.ok || ok && length != int64(test.isize) {
			t.Errorf("%s: %d, %v", name, length, ok)
		}
	}
}

func TestTheContentSizeIsThatOfTheWholeBlob(t *testing.T) {
	t.Parallel()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	data := layertest.MakeTar(t, layertest.Regular("a", 50_000))
	frame := encoder.EncodeAll(data, nil)
	var streamed bytes.Buffer // a flush comes before the length is known
	w, err := zstd.NewWriter(&streamed)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []error{last(w.Write(data)), w.Flush(), last(w.Write(data)), w.Close()} {
		if step != nil {
			t.Fatal(step)
		}
	}
	parts := bytes.Repeat(encoder.EncodeAll(data[:1000], nil), 200)
	skippable := append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"), frame...)
	for name, test := range map[string]struct {
		blob []byte
		ok   bool
	}{
		"one frame":           {frame, true},
		"many frames":         {parts, false},
		"pzstd's first frame": {skippable, false},
		"no header":           {[]byte("text"), false},
		"nothing":             {nil, false},
	} {
		length, ok := readContentSize(test.blob, int64(len(test.blob)))
		if ok != test.ok || ok && length != int64(len(data)) {
			t.Errorf("%s: %d, %v", name, length, ok)
		}
	}
}

func last(_ int, err error) error { return err }

func TestSamplesJudgeClaims(t *testing.T) {
	t.Parallel()
	const size = 100 << 20
	between := func(low, value, high int64) layersize.Interval {
		return layersize.Interval{Min: low << 20, Value: value << 20, Max: high << 20}
	}
	for name, test := range map[string]struct {
		claims   []claim
		estimate estimate.Estimate
		err      error
		method   layersize.Method
		unpacked layersize.Interval
		note     string
	}{
		"samples alone": {nil, estimate.Estimate{Unpacked: between(190, 200, 210)}, nil,
			layersize.MethodSampled, layersize.Interval{Value: 200 << 20, Min: 190 << 20, Max: 210 << 20}, ""},
		"an annotation within": {
			[]claim{{layersize.MethodAnnotation, 205 << 20}}, estimate.Estimate{Unpacked: between(190, 200, 210)},
			nil, layersize.MethodAnnotation, layersize.Exactly(205 << 20), "",
		},
		"an annotation refuted": {
			[]claim{{layersize.MethodAnnotation, 150 << 20}}, estimate.Estimate{Unpacked: between(190, 200, 210)},
			nil, layersize.MethodSampled, layersize.Interval{Value: 200 << 20, Min: 190 << 20, Max: 210 << 20},
			"samples do not confirm the annotation's 157286400 bytes",
		},
		"a header confirmed": {
			[]claim{{layersize.MethodAnnotation, 150 << 20}, {layersize.MethodContentSize, 200 << 20}},
			estimate.Estimate{Unpacked: between(200, 200, 200), Settled: true}, nil, layersize.MethodContentSize,
			layersize.Exactly(200 << 20), "samples do not confirm the annotation's 157286400 bytes",
		},
		"a header that is only likely": {[]claim{{layersize.MethodContentSize, 200 << 20}},
			estimate.Estimate{Unpacked: between(190, 200, 210)}, nil,
			layersize.MethodSampled, layersize.Interval{Value: 200 << 20, Min: 190 << 20, Max: 210 << 20},
			"samples do not confirm the content-size's 209715200 bytes"},
		"a trailer confirmed": {
			[]claim{{layersize.MethodTrailer, 200 << 20}},
			estimate.Estimate{Unpacked: between(200, 200, 200), Settled: true}, nil, layersize.MethodTrailer,
			layersize.Exactly(200 << 20), "",
		},
		"samples that say nothing": {nil, estimate.Estimate{Unpacked: between(50, 200, 100_000)}, nil,
			layersize.MethodRatio, ratioInterval(size, mediatype.Gzip), "samples: too little was read"},
		"a trailer of several members": {[]claim{{layersize.MethodTrailer, 200 << 20}},
			estimate.Estimate{Unpacked: between(190, 200, 210), MultiMember: true}, nil,
			layersize.MethodSampled, layersize.Interval{Value: 200 << 20, Min: 190 << 20, Max: 210 << 20},
			"samples do not confirm the trailer's 209715200 bytes"},
		"an annotation of several members": {[]claim{{layersize.MethodAnnotation, 200 << 20}},
			estimate.Estimate{Unpacked: between(190, 200, 210), MultiMember: true}, nil,
			layersize.MethodAnnotation, layersize.Exactly(200 << 20), ""},
		"no samples, an annotation": {
			[]claim{{layersize.MethodAnnotation, 205 << 20}}, estimate.Estimate{}, rangeread.ErrBudget,
			layersize.MethodAnnotation, layersize.Exactly(205 << 20), "samples: the read budget is spent",
		},
		"no samples, a trailer": {
			[]claim{{layersize.MethodTrailer, 205 << 20}}, estimate.Estimate{}, rangeread.ErrBudget,
			layersize.MethodTrailer, layersize.Interval{Value: 205 << 20, Min: 205 << 20, Max: 501 << 20},
			"samples: the read budget is spent",
		},
		"nothing at all": {nil, estimate.Estimate{}, rangeread.ErrBudget,
			layersize.MethodRatio, ratioInterval(size, mediatype.Gzip), "samples: the read budget is spent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := layersize.NewInput(
				t.Context(),
				layersize.Layer{Size: size, MediaType: layertest.TypeOCIGzip, Blob: &layertest.Memory{}},
				0,
			)
			m, err := layersize.MeasureFirst(t.Context(), in, []layersize.Source{
				claimedSamples{
					samples{
						mediatype.Gzip,
						func(context.Context, io.ReaderAt, int64, int64) (estimate.Estimate, error) {
							return test.estimate, test.err
						},
					},
					test.claims,
				},
				claimedWithout{test.claims},
				declaration{},
			})
			if err != nil || m.Method != test.method || m.UnpackedBytes != test.unpacked || m.Exact {
				t.Errorf("got %+v, error %v", m, err)
			}
			if m.Note != test.note {
				t.Errorf("note %q, want %q", m.Note, test.note)
			}
		})
	}
}

// claimedSamples are samples of a stream of which this is claimed.
type claimedSamples struct {
	samples
	claims []claim
}

func (c claimedSamples) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	return c.judgeClaims(ctx, in, c.claims)
}

// claimedWithout is such a stream that could not be sampled.
type claimedWithout struct{ claims []claim }

func (claimedWithout) Name() string { return "claims" }

func (c claimedWithout) Measure(_ context.Context, in *layersize.Input) (layersize.Measurement, error) {
	return measureClaims(in, c.claims)
}

func TestAShortAnswerIsAFailure(t *testing.T) {
	t.Parallel()
	l := layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, layertest.Incompressible(t)))
	l.Size += 1000 // the blob ends before its descriptor says
	m, _ := probed(t, l, probeBudget)
	if m.Exact || !strings.Contains(m.Note, "unexpected EOF") {
		t.Errorf("%+v", m)
	}
}
