package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// streamingFigures hold `full` against `gzip -dc | wc -c` on the same layers.
type streamingFigures struct {
	Layers   int
	Size     int64         // compressed bytes of all layers
	Gzip     time.Duration // one layer after the other, from files
	Full     time.Duration // from a registry without latency, digests verified
	InFlight int           // layers at once, as the registry saw
}

// Ratio is how much faster full is.
func (f streamingFigures) Ratio() float64 { return f.Gzip.Seconds() / f.Full.Seconds() }

func measureStreaming(ctx context.Context, b binaries, s subject) (f streamingFigures, err error) {
	f.Layers = s.layers
	layers, err := sealLayers(ctx, s)
	if err != nil {
		return f, err
	}
	folder, err := os.MkdirTemp("", "tkeimage-bench-")
	if err != nil {
		return f, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	images, err := giant.Serve(0)
	if err != nil {
		return f, err
	}
	defer images.Close()
	reference, err := images.Add("bench/streamed", layers...)
	if err != nil {
		return f, err
	}
	if err := f.timeGunzip(ctx, folder, layers); err != nil {
		return f, err
	}
	f.Full, _, err = watchMemory(prepareHelper(ctx, b, measure.Full, reference), onlyItself)
	f.InFlight = images.LayersAtOnce()
	return f, err
}

// timeGunzip unpacks the layers one after the other with gzip.
func (f *streamingFigures) timeGunzip(ctx context.Context, folder string, layers []*giant.Layer) error {
	for i, l := range layers {
		f.Size += l.Size
		took, err := runGunzip(ctx, filepath.Join(folder, fmt.Sprint(i)), l)
		if err != nil {
			return err
		}
		f.Gzip += took
	}
	return nil
}

// runGunzip writes a layer to a file, times `gzip -dc | wc -c` on it, and removes it again.
func runGunzip(ctx context.Context, path string, l *giant.Layer) (time.Duration, error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(path) }()
	_, err = io.Copy(file, io.NewSectionReader(l, 0, l.Size))
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	//nolint:gosec // a file of our own
	output, err := exec.CommandContext(ctx, "sh", "-c", `gzip -dc "$0" | wc -c`, path).Output()
	took := time.Since(begun)
	if got := strings.TrimSpace(string(output)); err == nil && got != fmt.Sprint(l.Unpacked) {
		err = fmt.Errorf("gzip unpacked %s bytes of %d", got, l.Unpacked)
	}
	return took, err
}
