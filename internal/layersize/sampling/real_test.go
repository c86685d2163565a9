package sampling

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// memoryRanges is a stream in memory whose host serves several ranges per request.
type memoryRanges struct {
	*bytes.Reader
	requests int64
}

func (m *memoryRanges) ReadRanges(buffers [][]byte, offsets []int64) error {
	m.requests++
	for i, p := range buffers {
		if n, err := m.ReadAt(p, offsets[i]); n < len(p) {
			return err
		}
	}
	return nil
}

// realLayer is a part of a real tar, as one producer packs it.
type realLayer struct {
	name   string
	stream []byte
	length int64
	files  int64
}

// readPart reads a part of a tar, of so many bytes, from a header on.
func readPart(name string, from, length int64) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data = make([]byte, length)
	n, err := f.ReadAt(data, from)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	data = data[:n/transcript.TarBlock*transcript.TarBlock]
	for at := 0; at+transcript.TarBlock <= len(data); at += transcript.TarBlock {
		if bytes.HasPrefix(data[at+257:], []byte("ustar")) {
			return data[at:], err
		}
	}
	return nil, err
}

// countHeaders counts the headers of a part of a tar.
func countHeaders(data []byte) (n int64) {
	r := tar.NewReader(bytes.NewReader(data))
	for {
		if _, err := r.Next(); err != nil {
			return n
		}
		n++
	}
}

// outcome of one layer with one budget.
type realScore struct {
	layers, missed, settled, wrong int
	errs, widths, files, reads     []float64
}

func (s *realScore) row(name string) string {
	return fmt.Sprintf("%-34s %3d layers  missed %2d  settled %3d wrong %2d  error p5 %+.1f%% p50 %+.1f%% p95 %+.1f%% most %+.1f%%  max/min p50 %.3f p95 %.3f  headers p5 %+.0f%% p50 %+.0f%% p95 %+.0f%%  read p50 %.1f MiB",
		name, s.layers, s.missed, s.settled, s.wrong, 100*quant(s.errs, .05), 100*quant(s.errs, .5), 100*quant(s.errs, .95), 100*furthest(s.errs),
		quant(s.widths, .5), quant(s.widths, .95), 100*quant(s.files, .05), 100*quant(s.files, .5), 100*quant(s.files, .95), quant(s.reads, .5)/(1<<20))
}

func furthest(xs []float64) (most float64) {
	for _, x := range xs {
		if math.Abs(x) > math.Abs(most) {
			most = x
		}
	}
	return most
}

// TestRealLayers measures parts of real tars: TKEIMAGE_REAL_TARS is a pattern of their names,
// TKEIMAGE_REAL_PARTS how many parts of each, TKEIMAGE_CORPUS_SEED as in TestCorpus. What one layer
// may read is what Sample and Auto allow.
func TestRealLayers(t *testing.T) {
	names, err := filepath.Glob(os.Getenv("TKEIMAGE_REAL_TARS"))
	if err != nil || len(names) == 0 {
		t.Skip("set TKEIMAGE_REAL_TARS to run it")
	}
	parts, _ := strconv.Atoi(os.Getenv("TKEIMAGE_REAL_PARTS"))
	r := rand.New(rand.NewPCG(uint64(len(os.Getenv("TKEIMAGE_CORPUS_SEED"))), 11))
	scores := map[string]*realScore{}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		for range max(1, parts) {
			length := min(info.Size(), int64(60e6*math.Exp(r.Float64()*math.Log(10))))
			data, err := readPart(name, r.Int64N(info.Size()-length+1)/transcript.TarBlock*transcript.TarBlock, length)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []packtest.Producer{packtest.GoZstd(1), packtest.GoZstd(2), packtest.Command("zstd", "-c", "-3"), packtest.Klauspost(5)} {
				stream, err := p.Compress(data)
				if err != nil {
					t.Fatal(err)
				}
				measureReal(t, filepath.Base(name), p, realLayer{name, stream, int64(len(data)), countHeaders(data)}, scores)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(scores)) {
		t.Log(scores[key].row(key))
	}
}

func measureReal(t *testing.T, content string, p packtest.Producer, l realLayer, scores map[string]*realScore) {
	t.Helper()
	size := int64(len(l.stream))
	for _, mode := range []struct {
		name   string
		budget int64
		many   bool
	}{
		{"sample", min(size, max(2<<20, min(12<<20, size/32))), true},
		{"sample, one range", min(size, max(2<<20, min(12<<20, size/32))), false},
		{"auto", 32 << 20, true},
		{"auto, one range", 32 << 20, false},
	} {
		if size <= mode.budget {
			continue // Auto streams it
		}
		m := &memoryRanges{Reader: bytes.NewReader(l.stream)}
		var reader io.ReaderAt = m
		if !mode.many {
			reader = m.Reader
		}
		measure := Zstd
		if !p.Zstd {
			measure = Gzip
		}
		begin := time.Now()
		e, err := measure(context.Background(), reader, size, mode.budget)
		if err != nil {
			t.Fatal(err)
		}
		u := e.Unpacked
		wrong := float64(u.Value)/float64(l.length) - 1
		count := float64(e.Files.Count().Value)/float64(max(1, l.files)) - 1
		for _, key := range []string{mode.name + " " + content, mode.name + " " + p.Name} {
			s := scores[key]
			if s == nil {
				s = &realScore{}
				scores[key] = s
			}
			s.layers++
			s.errs, s.widths = append(s.errs, wrong), append(s.widths, float64(u.Max)/float64(u.Min))
			s.files, s.reads = append(s.files, count), append(s.reads, float64(e.BytesRead))
			if u.Min > l.length || u.Max < l.length {
				s.missed++
			}
			if e.Settled {
				s.settled++
			}
			if e.Settled && u.Value != l.length {
				s.wrong++
			}
		}
		t.Logf("%s %s, %s: %d of %d bytes, %d files: %+.2f %% %.3f..%.3f, headers %+.0f %%, read %d with %d, %v", mode.name, content, p.Name,
			size, l.length, l.files, 100*wrong, float64(u.Min)/float64(l.length), float64(u.Max)/float64(l.length), 100*count, e.BytesRead, m.requests, time.Since(begin))
	}
}
