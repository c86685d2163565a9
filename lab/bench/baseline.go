package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
)

// baselineModes are the measures that an earlier build repeats. `full` streams every byte in both.
var baselineModes = []measure.Mode{measure.Sample, measure.Auto}

// baselineTitle names the row of an earlier build.
func baselineTitle(mode measure.Mode) string { return string(mode) + " (earlier build)" }

// baselineWays returns the commands by which an earlier build of this program measures an image: it
// takes the same arguments. The list is empty where there is no earlier build.
func baselineWays(ctx context.Context, b binaries, reference string) (ways []way) {
	if b.baseline == "" {
		return nil
	}
	for _, mode := range baselineModes {
		//nolint:gosec // built by make
		command := exec.CommandContext(ctx, b.baseline, helperArgument, string(mode), reference)
		ways = append(ways, way{title: baselineTitle(mode), command: command, earlier: true})
	}
	return ways
}

// BaselineRatio is what one measure costs as a part of what it costs an earlier build, in the same
// run.
type BaselineRatio struct {
	Image               MeasuringFigures
	How                 string
	Requests, Was       int64
	OfRequests, OfBytes float64
	OfWall              float64
}

// compareBaseline returns a row for each image and measure. It returns none where no earlier build
// took part.
func compareBaseline(images []MeasuringFigures) (rows []BaselineRatio) {
	for _, image := range images {
		for _, mode := range baselineModes {
			now, was := image.Row(string(mode)), image.Row(baselineTitle(mode))
			if was.Requests == 0 {
				continue
			}
			rows = append(rows, BaselineRatio{
				Image: image, How: string(mode), Requests: now.Requests, Was: was.Requests,
				OfRequests: float64(now.Requests) / float64(was.Requests),
				OfBytes:    float64(now.Bytes) / float64(was.Bytes),
				OfWall:     float64(now.Wall.Round(time.Millisecond)) / float64(was.Wall.Round(time.Millisecond)),
			})
		}
	}
	return rows
}

// checkBaseline returns an error for each row that costs more requests or bytes than the earlier
// build.
func checkBaseline(images []MeasuringFigures) error {
	var worse []error
	for _, row := range compareBaseline(images) {
		if row.OfRequests > 1 || row.OfBytes > 1 {
			worse = append(
				worse,
				fmt.Errorf("%s of %g GiB in %d layers: %.3f of the requests and %.3f of the bytes of the earlier build",
					row.How, row.Image.GiB, row.Image.Layers, row.OfRequests, row.OfBytes),
			)
		}
	}
	return errors.Join(worse...)
}
