package measure_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// TestAutoProbesWhatItMayNotStream: a layer whose window is too large, from its first frame on or
// behind it. Full, which owes the count, says so.
func TestAutoProbesWhatItMayNotStream(t *testing.T) {
	t.Parallel()
	s := watched(t)
	_, tarball := indexable(t, 1)
	large := zstdLayer(t, tarball, zstd.WithWindowSize(256<<20))
	half := len(tarball) / 2
	late := glued(t, tarball, zstdLayer(t, tarball[:half]), zstdLayer(t, tarball[half:], zstd.WithWindowSize(256<<20)))
	tiny := zstdLayer(t, tarball[:1<<20], zstd.WithWindowSize(256<<20))
	plain := layer(t, 1, imagetest.File{Name: "x", Size: 5000})
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
		report, err := measurer(t, store.Open(dir)).Measure(t.Context(), request(measure.Auto, reference))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := report.Images[0].Measurements[1]
		if u := got.UnpackedBytes; u.Min > int64(len(test.tarball)) || u.Max < int64(len(test.tarball)) || got.Exact ||
			!slices.Contains(test.methods, got.Method) {
			t.Errorf("%s: %+v does not hold %d", name, got, len(test.tarball))
		}
		if beside := report.Images[0].Measurements[0]; beside.Method != layersize.MethodStreamed {
			t.Errorf("%s: the layer beside it is %+v", name, beside)
		}
		s.since()
		again, err := measurer(t, store.Open(dir)).Measure(t.Context(), request(measure.Auto, reference))
		if err != nil || again.RequiredBytes != report.RequiredBytes || len(s.since()) != 1 {
			t.Errorf("%s: a second look differs, or costs more than a HEAD: %v", name, err)
		}
		_, err = measurer(t, store.Open(dir)).Measure(t.Context(), request(measure.Full, reference))
		var failed *measure.LayerError
		if !errors.As(err, &failed) || !errors.Is(err, layersize.ErrWindow) ||
			failed.Digest != digest(t, test.refused) {
			t.Errorf("%s: full gave %v", name, err)
		}
	}
}

// TestFullStreamsAWindowOf128MiB, and one of a later frame, for which it reads the layer again with
// the memory for it.
func TestFullStreamsAWindowOf128MiB(t *testing.T) {
	t.Parallel()
	s := watched(t)
	_, tarball := indexable(t, 1)
	half := len(tarball) / 2
	for name, layer := range map[string]*blob{
		"first": zstdLayer(t, tarball, zstd.WithWindowSize(128<<20)),
		"later": glued(
			t, tarball, zstdLayer(t, tarball[:half]), zstdLayer(t, tarball[half:], zstd.WithWindowSize(128<<20)),
		),
	} {
		reference := s.host + "/windows/full-" + name + ":v1"
		pushed(t, reference, imageOf(t, layer))
		report, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, reference))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := report.Images[0].Measurements[0]; !got.Exact || got.UnpackedBytes.Value != int64(len(tarball)) {
			t.Errorf("%s: %+v, the tar has %d bytes", name, got, len(tarball))
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
	return &blob{
		Layer:  static.NewLayer(all.Bytes(), types.OCILayerZStd),
		diffID: zstdLayer(t, tarball).diffID,
		size:   int64(all.Len()),
	}
}

// TestMemoryOfLayersInFlight: four layers at once, each with the window that encoders use, stay
// within what is promised of the provider's memory.
//
//nolint:paralleltest // it looks at the memory of the whole process
func TestMemoryOfLayersInFlight(t *testing.T) {
	s := watched(t)
	var layers []v1.Layer
	for i := range 4 {
		layers = append(layers, zstdLayer(t, letters(t, i), zstd.WithEncoderLevel(zstd.SpeedFastest)))
	}
	reference := s.host + "/memory/four:v1"
	pushed(t, reference, imageOf(t, layers...))
	m := measurer(t, nil)
	heap := func() int64 {
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		return int64(now.HeapAlloc)
	}
	before := heap()
	var mu sync.Mutex
	var most int64
	busy := map[any]bool{}
	m.Log = func(_ context.Context, message string, fields map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		if message == "streaming layer" {
			busy[fields["layer"]] = true
			most = max(most, heap()-before)
		}
	}
	if _, err := m.Measure(t.Context(), request(measure.Full, reference)); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d layers, %d KiB", len(busy), most>>10)
	if len(busy) != 4 || most < 8<<20 || most > 64<<20 {
		t.Errorf("%d layers took %d MiB, want 4 windows of 8 MiB, and 64 at most", len(busy), most>>20)
	}
}

// letters is a tar of one file of 20 MiB that compresses, but not to nothing.
func letters(t *testing.T, seed int) []byte {
	t.Helper()
	content := make([]byte, 20<<20)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(content)
	for i := range content {
		content[i] = 'a' + content[i]%4
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: "letters", Size: int64(len(content)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestStreamsAtOnce: as many layers as there are cores, but no fewer than four and no more than
// eight.
//
//nolint:paralleltest // it changes the cores of the whole process
func TestStreamsAtOnce(t *testing.T) {
	s := newStore(t)
	var layers []v1.Layer
	for i := range uint64(12) {
		layers = append(layers, layer(t, i, imagetest.File{Name: "x", Size: 5000 + int64(i)}))
	}
	reference := s.push(t, "streams/x:v1", layers...)
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for cores, want := range map[int]int{1: 4, 6: 6, 32: 8} {
		runtime.GOMAXPROCS(cores)
		var mu sync.Mutex
		open, most, full := 0, 0, make(chan struct{})
		s.meet(func(_ http.ResponseWriter, r *http.Request) bool {
			if !slices.ContainsFunc(
				layers,
				func(l v1.Layer) bool { return strings.HasSuffix(r.URL.Path, digest(t, l)) },
			) {
				return false
			}
			mu.Lock()
			open++
			if open > most {
				most = open
				if most == want {
					time.AfterFunc(100*time.Millisecond, func() { close(full) }) // time for one too many
				}
			}
			mu.Unlock()
			select {
			case <-full:
			case <-time.After(10 * time.Second):
			}
			mu.Lock()
			open--
			mu.Unlock()
			return false
		})
		if _, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, reference)); err != nil {
			t.Fatal(err)
		}
		if most != want {
			t.Errorf("%d cores: %d layers at once, want %d", cores, most, want)
		}
	}
}
