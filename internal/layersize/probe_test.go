package layersize

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

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/sampling"
)

const probeBudget = 16 << 20

func probed(t testing.TB, l Layer, budget int64) (Measurement, *memory) {
	t.Helper()
	m, err := Probe(context.Background(), l, budget)
	if err != nil {
		t.Fatal(err)
	}
	blob := l.Blob.(*memory)
	if blob.read > max(budget, 0) {
		t.Fatalf("%d bytes were read of a budget of %d", blob.read, budget)
	}
	if blob.opened > 0 {
		t.Fatal("the blob was opened as a whole")
	}
	return m, blob
}

// incompressible is a tar of files that no encoder makes smaller, large enough not
// to be read whole.
func incompressible(t testing.TB) []byte {
	t.Helper()
	var files []file
	for i := range 80 {
		files = append(files, regular(fmt.Sprintf("d%d/f%d", i/10, i), 10_000))
	}
	return makeTar(t, files...)
}

func TestProbeNeverExceedsItsBudget(t *testing.T) {
	t.Parallel()
	data := incompressible(t)
	blobs := map[string][]byte{typeOCIPlain: data, typeOCIGzip: gzipped(t, data), typeOCIZstd: zstdCompressed(t, data)}
	for mediaType, blob := range blobs {
		for _, budget := range []int64{math.MinInt64, -1, 0, 1, 100, 4096, 5000, 20480, 50_000, 200_000, 400_000, 900_000} {
			m, used := probed(t, layer(mediaType, blob), budget)
			if budget < 100 && (used.requests > 0 || m.Method != Declared(layer(mediaType, blob)).Method) {
				t.Errorf("%s with %d bytes: %d requests, %+v", mediaType, budget, used.requests, m)
			}
			if m.UnpackedBytes.Min > int64(len(data)) || m.UnpackedBytes.Max < int64(len(data)) {
				t.Errorf("%s with %d bytes: %d is not within %+v (%s)", mediaType, budget, len(data), m.UnpackedBytes, m.Method)
			}
		}
	}
}

func TestProbeFallsBackWhereRangesAreIgnored(t *testing.T) {
	t.Parallel()
	data := incompressible(t)
	annotated := map[string]string{annotationStargzSize: fmt.Sprint(len(data))}
	for name, test := range map[string]struct {
		mediaType   string
		blob        []byte
		annotations map[string]string
		want        Method
	}{
		"gzip":       {typeOCIGzip, gzipped(t, data), nil, MethodRatio},
		"annotated":  {typeOCIGzip, gzipped(t, data), annotated, MethodAnnotation},
		"tar":        {typeOCIPlain, data, nil, MethodUncompressed},
		"small gzip": {typeOCIGzip, gzipped(t, makeTar(t)), nil, MethodRatio},
	} {
		l := layer(test.mediaType, test.blob)
		l.Annotations = test.annotations
		l.Blob.(*memory).noRange = true
		m, used := probed(t, l, probeBudget)
		if m.Method != test.want || m.Exact || !strings.Contains(m.Note, "the server ignores Range") {
			t.Errorf("%s: %+v", name, m)
		}
		if used.requests != 1 {
			t.Errorf("%s: asked %d times, though the first answer said enough", name, used.requests)
		}
	}
}

func TestProbeWalksATarOfLargeFiles(t *testing.T) {
	t.Parallel()
	data := makeTar(t, directory("models/"), regular("models/a", 3<<20), regular("models/b", 2<<20), regular("config", 100))
	want := stream(t, data)
	m, used := probed(t, layer(typeOCIPlain, data), 1<<20)
	if m.Method != MethodUncompressed || !m.Exact || m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes {
		t.Errorf("got %+v, want %+v", m, want)
	}
	if used.requests > 6 {
		t.Errorf("%d requests", used.requests)
	}
}

func TestProbeEstimatesATarOfManyFiles(t *testing.T) {
	t.Parallel()
	for _, mean := range []int64{500, 5_000, 20_000, 200_000} {
		data := makeTar(t, mixture(int(min(30<<20/mean, 4000)), mean)...)
		want := stream(t, data)
		m, used := probed(t, layer(typeOCIPlain, data), 1<<20)
		if m.Method != MethodUncompressed || m.Exact || m.Inodes != nil || m.UnpackedBytes != exactly(int64(len(data))) {
			t.Errorf("files of %d bytes: %+v", mean, m)
		}
		if m.DiskBytes.Min > want.DiskBytes.Value || m.DiskBytes.Max < want.DiskBytes.Value {
			t.Errorf("files of %d bytes: %d is not within %+v", mean, want.DiskBytes.Value, m.DiskBytes)
		}
		if used.requests > walkRequests+2*plainWindows {
			t.Errorf("files of %d bytes: %d requests", mean, used.requests)
		}
	}
}

func TestProbeTrustsTheBytesMoreThanTheMediaType(t *testing.T) {
	t.Parallel()
	data := incompressible(t)
	m, _ := probed(t, layer(typeOCIGzip, data), 200_000)
	if m.Method != MethodUncompressed || m.UnpackedBytes != exactly(int64(len(data))) || !strings.Contains(m.Note, "media type") {
		t.Errorf("a tar said to be gzip: %+v", m)
	}
	m, _ = probed(t, layer(typeOCIPlain, gzipped(t, data)), 200_000)
	if m.Method == MethodUncompressed || m.UnpackedBytes.Max < int64(len(data)) {
		t.Errorf("gzip said to be a tar: %+v", m)
	}
	m, _ = probed(t, layer(typeOCIGzip, bytes.Repeat([]byte("nothing known "), 100_000)), 200_000)
	if m.Method != MethodUncompressed || m.Exact || !slices.Equal(m.Refusals, []Refusal{{Reason: RefusedNotTar}}) {
		t.Errorf("something else: %+v", m)
	}
}

func TestProbeDeclaresWhatItCannotRead(t *testing.T) {
	t.Parallel()
	l := Layer{MediaType: typeOCIGzip, Size: 1 << 30}
	m, err := Probe(t.Context(), l, probeBudget)
	if err != nil || m.Method != MethodRatio || m.DiskBytes != Declared(l).DiskBytes || m.UnpackedBytes != Declared(l).UnpackedBytes {
		t.Errorf("got %+v, error %v", m, err)
	}
	if _, err := Probe(t.Context(), Layer{Size: -1}, probeBudget); !errors.Is(err, errSize) {
		t.Errorf("a negative size gave %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Probe(canceled, layer(typeOCIGzip, gzipped(t, incompressible(t))), probeBudget); !errors.Is(err, context.Canceled) {
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
		length, ok := trailer(test.head, trail(test.isize), test.size)
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
	data := makeTar(t, regular("a", 50_000))
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
		length, ok := contentSize(test.blob, int64(len(test.blob)))
		if ok != test.ok || ok && length != int64(len(data)) {
			t.Errorf("%s: %d, %v", name, length, ok)
		}
	}
}

func last(_ int, err error) error { return err }

func TestSamplesJudgeClaims(t *testing.T) {
	t.Parallel()
	const size = 100 << 20
	between := func(low, value, high int64) sampling.Interval {
		return sampling.Interval{Min: low << 20, Value: value << 20, Max: high << 20}
	}
	for name, test := range map[string]struct {
		claims   []claim
		estimate sampling.Estimate
		err      error
		method   Method
		unpacked Interval
		note     string
	}{
		"samples alone": {nil, sampling.Estimate{Unpacked: between(190, 200, 210)}, nil,
			MethodSampled, Interval{200 << 20, 190 << 20, 210 << 20}, ""},
		"an annotation within": {[]claim{{MethodAnnotation, 205 << 20}}, sampling.Estimate{Unpacked: between(190, 200, 210)}, nil,
			MethodAnnotation, exactly(205 << 20), ""},
		"an annotation refuted": {[]claim{{MethodAnnotation, 150 << 20}}, sampling.Estimate{Unpacked: between(190, 200, 210)}, nil,
			MethodSampled, Interval{200 << 20, 190 << 20, 210 << 20}, "samples do not confirm the annotation's 157286400 bytes"},
		"a header confirmed": {[]claim{{MethodAnnotation, 150 << 20}, {MethodContentSize, 200 << 20}},
			sampling.Estimate{Unpacked: between(200, 200, 200), Settled: true}, nil,
			MethodContentSize, exactly(200 << 20), "samples do not confirm the annotation's 157286400 bytes"},
		"a header that is only likely": {[]claim{{MethodContentSize, 200 << 20}},
			sampling.Estimate{Unpacked: between(190, 200, 210)}, nil,
			MethodSampled, Interval{200 << 20, 190 << 20, 210 << 20}, "samples do not confirm the content-size's 209715200 bytes"},
		"a trailer confirmed": {[]claim{{MethodTrailer, 200 << 20}}, sampling.Estimate{Unpacked: between(200, 200, 200), Settled: true}, nil,
			MethodTrailer, exactly(200 << 20), ""},
		"samples that say nothing": {nil, sampling.Estimate{Unpacked: between(50, 200, 100_000)}, nil,
			MethodRatio, ratioInterval(size, packedGzip), "nothing was learned from samples: too little was read"},
		"a trailer of several members": {[]claim{{MethodTrailer, 200 << 20}},
			sampling.Estimate{Unpacked: between(190, 200, 210), MultiMember: true}, nil,
			MethodSampled, Interval{200 << 20, 190 << 20, 210 << 20}, "samples do not confirm the trailer's 209715200 bytes"},
		"an annotation of several members": {[]claim{{MethodAnnotation, 200 << 20}},
			sampling.Estimate{Unpacked: between(190, 200, 210), MultiMember: true}, nil,
			MethodAnnotation, exactly(200 << 20), ""},
		"no samples, an annotation": {[]claim{{MethodAnnotation, 205 << 20}}, sampling.Estimate{}, errBudget,
			MethodAnnotation, exactly(205 << 20), "nothing was learned from samples: the read budget is spent"},
		"no samples, a trailer": {[]claim{{MethodTrailer, 205 << 20}}, sampling.Estimate{}, errBudget,
			MethodTrailer, Interval{205 << 20, 205 << 20, 501 << 20}, "nothing was learned from samples: the read budget is spent"},
		"nothing at all": {nil, sampling.Estimate{}, errBudget,
			MethodRatio, ratioInterval(size, packedGzip), "nothing was learned from samples: the read budget is spent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &probe{ctx: t.Context(), layer: Layer{Size: size}, blob: &budgetReader{ctx: t.Context(), size: size}}
			m, ok := p.judge(packedGzip, test.claims, func(context.Context, io.ReaderAt, int64, int64) (sampling.Estimate, error) {
				return test.estimate, test.err
			})
			if !ok || m.Method != test.method || m.UnpackedBytes != test.unpacked || m.Exact {
				t.Errorf("got %+v", m)
			}
			if note := strings.Join(p.notes, "; "); note != test.note {
				t.Errorf("note %q, want %q", note, test.note)
			}
		})
	}
}

func TestBudgetReaderKeepsTheContractOfReaderAt(t *testing.T) {
	t.Parallel()
	blob := &memory{data: []byte("0123456789")}
	b := &budgetReader{ctx: t.Context(), blob: blob, size: 10, left: 15}
	if head, err := b.keep(0, 4); err != nil || string(head) != "0123" {
		t.Fatalf("%q, %v", head, err)
	}
	if tail, err := b.keep(-3, 3); err != nil || string(tail) != "012" {
		t.Fatalf("%q, %v", tail, err)
	}
	p := make([]byte, 4)
	for _, test := range []struct {
		at, length int64
		want       string
		err        error
		left       int64
	}{
		{1, 3, "123", nil, 11},   // remembered
		{6, 4, "6789", nil, 7},   // the end itself is no error
		{8, 4, "89", io.EOF, 5},  // beyond it is
		{10, 1, "", io.EOF, 5},   // nothing is asked
		{0, 0, "", nil, 5},       // nor here
		{4, 4, "4567", nil, 1},   // the budget
		{4, 4, "", errBudget, 1}, // and its end
		{0, 4, "0123", nil, 1},   // what is remembered is free
	} {
		n, err := b.ReadAt(p[:test.length], test.at)
		if string(p[:n]) != test.want || !errors.Is(err, test.err) || b.left != test.left {
			t.Errorf("%d bytes at %d: %q, %v, %d left, want %q, %v, %d", test.length, test.at, p[:n], err, b.left, test.want, test.err, test.left)
		}
	}
	if _, err := b.ReadAt(p, -1); err == nil {
		t.Error("a negative offset is no error")
	}
	if blob.read != 14 || b.requests != blob.requests {
		t.Errorf("%d bytes in %d requests, counted %d", blob.read, blob.requests, b.requests)
	}
}

func TestAShortAnswerIsAFailure(t *testing.T) {
	t.Parallel()
	l := layer(typeOCIGzip, gzipped(t, incompressible(t)))
	l.Size += 1000 // the blob ends before its descriptor says
	m, _ := probed(t, l, probeBudget)
	if m.Exact || !strings.Contains(m.Note, "unexpected EOF") {
		t.Errorf("%+v", m)
	}
}
