// Package measure turns images into one report: what they weigh, what they need on a disk, and how
// sure that is.
//
// It decides what to read and in which order; reading is done by package registry, understanding
// what was read by layersize, the disk by disksize. A layer is streamed once however many images
// hold it, and what a stream says is stored for the digest that verified it. Ranges and tables of
// contents are verified by nothing: what they say counts, and is stored, for the repository that
// served them. A stored measurement answers only for the way of reading that made it, so that the
// same configuration yields the same numbers on a laptop that has seen an image and on a runner
// that stores nothing.
package measure

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// Mode is how layers are measured.
type Mode string

// The modes, from the cheapest to the surest.
const (
	Manifest Mode = "manifest" // no layer is opened: what the manifest declares, else a ratio
	Sample   Mode = "sample"   // range reads only
	Auto     Mode = "auto"     // small layers streamed within the budget, the rest sampled until the disk is certain
	Full     Mode = "full"     // every layer streamed
)

// Modes are all modes, the default first.
var Modes = []Mode{Auto, Manifest, Sample, Full}

// DefaultReadBudget is what one reading may fetch from registries in Sample and Auto, in bytes.
const DefaultReadBudget int64 = 64 << 20

const (
	imagesAtOnce = 8
	// A layer waits for one answer after the other, so that all layers of most images are probed
	// side by side: the requests in flight are bounded for each host (transport.Limits), the memory
	// of what was read by the budget, and decoding by the cores (package sampling).
	probesAtOnce = 48
)

// streamsAtOnce is how many layers are streamed side by side. Unpacking is bound by cores, and a
// slow registry by its connections, of which four are worth while on any machine, and eight are
// enough. Each takes memory: a window, usually 8 MiB, and a MiB of buffers.
func streamsAtOnce() int64 { return int64(min(max(runtime.GOMAXPROCS(0), 4), 8)) }

// Request says what to measure. Images are references as users write them.
type Request struct {
	Images     []string
	Platform   string // os/architecture or os/architecture/variant
	Mode       Mode
	ReadBudget int64 // bytes, for Sample and Auto

	// Timeout is how long registries are read; 0 sets no limit. What was learned by then counts,
	// and Report.TimeUp says that it ran out.
	Timeout time.Duration

	// StaleIfError lets what is stored of a reference count where its registry cannot be reached,
	// refuses, or has the image no longer. Report.Stale lists such images.
	StaleIfError bool

	// Disk is how the disk is chosen and what it must hold beside the images, since Auto ends when
	// the choice is certain. Its RequiredBytes and Inodes are those of the report. DefaultDisk is
	// the usual one.
	Disk disksize.Request
}

// DefaultDisk is chosen with the default margin and holds nothing but the images.
var DefaultDisk = disksize.Request{
	MaxUtilizationPercent: disksize.DefaultMaxUtilizationPercent, RoundToGiB: disksize.DefaultRoundToGiB,
}

// Measurer measures images. It is safe for concurrent use.
type Measurer struct {
	Registry *registry.Client
	Store    *store.Store                                                     // nil stores nothing
	Log      func(ctx context.Context, message string, fields map[string]any) // nil logs nothing
	// what a text from within a layer may not show
	Secrets *redact.Secrets
}

// Measure resolves the images, measures their layers and adds them up. Errors are ImageErrors, in
// which every image stands that cannot be measured, or the context's.
func (m *Measurer) Measure(ctx context.Context, request Request) (*Report, error) {
	r, stop := newReading(ctx, request.Timeout)
	defer stop()
	targets := newTargets(request.Images)
	m.resolveImages(r, targets, request.Platform)
	jobs := m.uniqueLayers(resolvedOf(targets))
	round, left := jobs, planReading(jobs, request)
	for {
		m.measureLayers(r, round)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.useStoredImages(targets, request)
		if err := m.failuresOf(targets); err != nil {
			return nil, err
		}
		jobs = wantedOf(jobs)
		measured := resultsOf(jobs)
		measured.addStored(targets)
		report, err := addUp(listImages(request.Images, targets), measured)
		if err != nil {
			return nil, err
		}
		decided := request.Mode != Auto || isDecided(report, request.Disk)
		if forgetRanges(jobs); !decided {
			round, left = nextRound(jobs, left, request.ReadBudget)
		}
		if decided || len(round) == 0 || r.isOver() {
			m.storeImages(targets, measured, request)
			report.Stale = m.listStale(targets)
			return report.noteTimeUp(r, !decided && len(round) > 0), nil
		}
	}
}

// maxText bounds what an error or a note repeats of a layer's content, and maxName the name of an
// entry, in characters.
const (
	maxText = 600
	maxName = 120
)

// redactError makes an error fit to be shown: what it says of a layer's content may be quoted from
// there.
func (m *Measurer) redactError(err error) error {
	if layer, ok := errors.AsType[*LayerError](err); ok {
		return &LayerError{Image: layer.Image, Digest: layer.Digest, Err: m.Secrets.Error(layer.Err, maxText)}
	}
	return err
}

// redactTexts does the same for what a measurement quotes, before it is stored.
func (m *Measurer) redactTexts(result *layersize.Measurement) {
	result.Note = m.Secrets.Text(result.Note, maxText)
	for i, refusal := range result.Refusals {
		result.Refusals[i].Entry = m.Secrets.Text(refusal.Entry, maxName)
	}
}

// results are what layers came to, by the repositories that served them.
type results map[string]map[layerKey]layersize.Measurement

func resultsOf(jobs []*job) results {
	all := results{}
	for _, j := range jobs {
		for _, o := range j.origins {
			if o.isMeasured() {
				all.add(o.image().Repository, j.layer, o.result)
			}
		}
	}
	return all
}

func (r results) add(repository string, layer registry.Layer, m layersize.Measurement) {
	if r[repository] == nil {
		r[repository] = map[layerKey]layersize.Measurement{}
	}
	r[repository][keyOf(layer)] = m
}

// LayerError says that a layer could not be measured although the mode demands it.
type LayerError struct {
	Image  string // one that holds the layer, as written
	Digest string
	Err    error
}

func (e *LayerError) Error() string {
	return fmt.Sprintf("layer %s of %s: %v", e.Digest, e.Image, e.Err)
}

// Unwrap returns the reason.
func (e *LayerError) Unwrap() error { return e.Err }
