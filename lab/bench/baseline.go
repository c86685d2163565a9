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

// goal is what one measure may cost, as parts of what it costs the earlier build. A part of 0 is not
// aimed at.
type goal struct {
	oneRange              bool // of a store that serves one range per request
	gib                   float64
	layers                int
	how                   measure.Mode
	requests, bytes, wall float64
	missed                string // why it is not met, and so not demanded
}

// goals are what was aimed at when requests were made fewer. Times of auto are shown and not demanded.
// Bytes may be a hundredth more: the delimiters between ranges come to half of that.
var goals = []goal{
	{gib: 10, layers: 1, how: measure.Auto, requests: 0.1, bytes: 1.01},
	{gib: 10, layers: 1, how: measure.Sample, requests: 0.125, bytes: 1.01, wall: 1},
	{gib: 20, layers: 40, how: measure.Auto, requests: 0.2, bytes: 1.01},
	{oneRange: true, gib: 10, layers: 1, how: measure.Auto, requests: 1. / 3, bytes: 1.2},
	{oneRange: true, gib: 10, layers: 1, how: measure.Sample, requests: 1. / 3, bytes: 1.2},
	{
		oneRange: true, gib: 20, layers: 40, how: measure.Auto, requests: 1. / 3, bytes: 1.2,
		missed: "a request has one window of one place, and a third of them leaves the lengths of layers open",
	},
}

// baselineRatio is what one measure costs as a part of what it costs an earlier build, in the same
// run.
type baselineRatio struct {
	Image               measuringFigures
	OneRange            bool
	How                 string
	Requests, Was       int64
	OfRequests, OfBytes float64
	OfWall              float64
	Goal                *goal // nil for none
}

// compareBaseline returns a row for each image and measure. It returns none where no earlier build
// took part.
func (f *figures) compareBaseline() (rows []baselineRatio) {
	for _, oneRange := range []bool{false, true} {
		images := f.Images
		if oneRange {
			images = f.OneRange
		}
		for _, image := range images {
			for _, mode := range baselineModes {
				now, was := image.Row(string(mode)), image.Row(baselineTitle(mode))
				if was.Requests == 0 {
					continue
				}
				rows = append(rows, baselineRatio{
					Image: image, OneRange: oneRange, How: string(mode), Requests: now.Requests, Was: was.Requests,
					OfRequests: float64(now.Requests) / float64(was.Requests),
					OfBytes:    float64(now.Bytes) / float64(was.Bytes),
					OfWall:     float64(now.Wall.Round(time.Millisecond)) / float64(was.Wall.Round(time.Millisecond)),
					Goal:       goalOf(image, oneRange, mode),
				})
			}
		}
	}
	return rows
}

func goalOf(image measuringFigures, oneRange bool, mode measure.Mode) *goal {
	for i, g := range goals {
		if g.oneRange == oneRange && g.gib == image.GiB && g.layers == image.Layers && g.how == mode {
			return &goals[i]
		}
	}
	return nil
}

// Wanted is the part of the requests that is aimed at.
func (r baselineRatio) Wanted() string {
	switch {
	case r.Goal == nil:
		return ""
	case r.Goal.missed != "":
		return fmt.Sprintf("%.2f, missed: %s", r.Goal.requests, r.Goal.missed)
	}
	return fmt.Sprintf("%.2f", r.Goal.requests)
}

// mostBytes is how many times the bytes of the earlier build any measure may read. It reads on until
// files are known, too, which the earlier build did not wait for.
const mostBytes = 1.3

// check returns an error where the row costs more than it may. At a store of one range, windows of
// small layers are as many as before.
func (r baselineRatio) check(times bool) error {
	limit := goal{requests: 1, bytes: mostBytes}
	if r.OneRange {
		limit.requests = 1.05
	}
	if r.Goal != nil && r.Goal.missed == "" {
		limit = *r.Goal
	}
	if r.OfRequests <= limit.requests && r.OfBytes <= limit.bytes && (!times || limit.wall == 0 || r.OfWall <= limit.wall) {
		return nil
	}
	return fmt.Errorf(
		"%s of %g GiB in %d layers (one range: %t): %.3f of the requests, %.3f of the bytes and %.2f of the time of the earlier build",
		r.How, r.Image.GiB, r.Image.Layers, r.OneRange, r.OfRequests, r.OfBytes, r.OfWall,
	)
}

// checkBaseline returns an error for each row that costs more than it may. Times count on a machine
// that nothing else uses.
func (f *figures) checkBaseline() error {
	var worse []error
	for _, row := range f.compareBaseline() {
		worse = append(worse, row.check(!f.Machine.Busy()))
	}
	for _, login := range f.Logins {
		worse = append(worse, login.check())
	}
	return errors.Join(worse...)
}
