package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// Ways of learning about an image that are not ours.
const (
	craneManifest = "crane manifest"
	cranePull     = "crane pull"
)

// measuringFigures are what it costs to learn about one cold image.
type measuringFigures struct {
	GiB      float64 // compressed
	Layers   int
	Size     int64 // compressed bytes
	Unpacked int64 // bytes of the tars
	Rows     []measuringRow
}

// measuringRow is one way of doing it.
type measuringRow struct {
	How             string
	Bytes, Requests int64
	Wall            time.Duration
	Peak            int64         // bytes of memory
	Pull            *measuringRow `json:"-"` // the pull of the same image
	Earlier         bool          // by an earlier build of this program
}

// OfBytes is the part of a pull's bytes, in percent.
func (r measuringRow) OfBytes() float64 { return 100 * float64(r.Bytes) / float64(r.Pull.Bytes) }

// OfWall is the part of a pull's time, in percent.
func (r measuringRow) OfWall() float64 { return 100 * r.Wall.Seconds() / r.Pull.Wall.Seconds() }

// Row is the one that was done so.
func (f measuringFigures) Row(how string) measuringRow {
	for _, row := range f.Rows {
		if row.How == how {
			return row
		}
	}
	return measuringRow{}
}

// SampleOfFull is the part of the time of full that sample took, in percent.
func (f measuringFigures) SampleOfFull() float64 {
	return 100 * f.Row(string(measure.Sample)).Wall.Seconds() / f.Row(string(measure.Full)).Wall.Seconds()
}

// subject is an image to learn about.
type subject struct {
	gib    float64
	layers int
}

// measureImages pulls and measures images of several sizes, from a registry with a latency of 20 ms
// and nothing that slows its bytes: a pull is as fast as it can be, and goes to no disk.
func measureImages(ctx context.Context, b binaries, subjects []subject) ([]measuringFigures, error) {
	return measureAt(ctx, giant.Options{Latency: registryLatency}, subjects,
		func(reference string) []way {
			return append(measuringWays(ctx, b, reference), baselineWays(ctx, b, reference)...)
		})
}

// measureOneRange measures by ranges alone, at a store that serves one range per request.
func measureOneRange(ctx context.Context, b binaries, subjects []subject) ([]measuringFigures, error) {
	return measureAt(ctx, giant.Options{Latency: registryLatency, OneRange: true}, subjects,
		func(reference string) (ways []way) {
			for _, mode := range baselineModes {
				ways = append(ways, way{title: string(mode), command: prepareHelper(ctx, b, mode, reference)})
			}
			return append(ways, baselineWays(ctx, b, reference)...)
		})
}

// measureAt measures images of a registry in the given ways.
func measureAt(
	ctx context.Context, options giant.Options, subjects []subject, waysOf func(reference string) []way,
) ([]measuringFigures, error) {
	images, err := giant.ServeWith(options)
	if err != nil {
		return nil, err
	}
	defer images.Close()
	var all []measuringFigures
	for _, s := range subjects {
		figures, err := measureImage(ctx, images, s, waysOf)
		if err != nil {
			return nil, fmt.Errorf("an image of %g GiB in %d layers: %w", s.gib, s.layers, err)
		}
		all = append(all, figures)
	}
	return all, nil
}

// way is a command that learns about an image.
type way struct {
	title   string
	command *exec.Cmd
	earlier bool
}

func measuringWays(ctx context.Context, b binaries, reference string) []way {
	return []way{
		//nolint:gosec // a tool of the build
		{title: craneManifest, command: exec.CommandContext(ctx, b.crane, "manifest", reference)},
		{title: string(measure.Manifest), command: prepareHelper(ctx, b, measure.Manifest, reference)},
		{title: string(measure.Sample), command: prepareHelper(ctx, b, measure.Sample, reference)},
		{title: string(measure.Auto), command: prepareHelper(ctx, b, measure.Auto, reference)},
		{title: string(measure.Full), command: prepareHelper(ctx, b, measure.Full, reference)},
		//nolint:gosec // a tool of the build
		{title: cranePull, command: exec.CommandContext(ctx, b.crane, "pull", "--insecure", reference, os.DevNull)},
	}
}

func measureImage(
	ctx context.Context, images *giant.Registry, s subject, waysOf func(reference string) []way,
) (f measuringFigures, err error) {
	f.GiB, f.Layers = s.gib, s.layers
	layers, err := sealLayers(ctx, s)
	if err != nil {
		return f, err
	}
	for _, l := range layers {
		f.Size += l.Size
		f.Unpacked += l.Unpacked
	}
	reference, err := images.Add(fmt.Sprintf("bench/of%d-in%d", f.Size, s.layers), layers...)
	if err != nil {
		return f, err
	}
	for _, way := range waysOf(reference) {
		images.Cost()
		row := measuringRow{How: way.title, Earlier: way.earlier}
		if row.Wall, row.Peak, err = watchMemory(way.command, onlyItself); err != nil {
			return f, fmt.Errorf("%s: %w", way.title, err)
		}
		row.Bytes, row.Requests = images.Cost()
		f.Rows = append(f.Rows, row)
	}
	pull := f.Row(cranePull)
	for i := range f.Rows {
		f.Rows[i].Pull = &pull
	}
	return f, nil
}

// sealLayers makes the layers of an image, whose digests take a pass over all of it.
func sealLayers(ctx context.Context, s subject) ([]*giant.Layer, error) {
	layers := make([]*giant.Layer, s.layers)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i := range layers {
		layers[i] = giant.NewLayer(uint64(i), int64(s.gib*(1<<30))/int64(s.layers))
		group.Go(func() error { return layers[i].Seal(ctx) })
	}
	return layers, group.Wait()
}
