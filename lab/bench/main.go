// Command bench measures what the provider costs on this machine, beside what a user would use or
// have instead, in one run, and writes the result as pages. Figures that do not depend on the
// machine are compared with what is promised.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// largestImage is in GiB.
const largestImage = 20

// What is promised, whatever the machine.
const (
	maxBinaryBytes   = 26_000_000
	maxStart         = 100 * time.Millisecond // to an answered schema request; generous on any machine
	maxCallsPer1000  = 25                     // of DescribeImageCaches, for the refresh of 1,000 caches
	maxWaitingPart   = 10                     // while waiting, at most a tenth of the calls of one poller per cache
	maxSampledBytes  = 16 << 20               // by sample, of an image of one layer, whatever its size
	maxDocumentBytes = 1 << 20                // manifest and configuration
	// maxOfFloor is how many times as much as an empty provider of the framework a start may take,
	// in time and memory.
	maxOfFloor     = 2
	maxWaited      = 3 * time.Second // in the median, after a cache is ready
	maxSampledPart = 2.0             // percent of the time of full, for one layer of 10 GiB
)

// binaries are the programs that are measured, and those that stand beside them.
type binaries struct {
	self, provider, floor, null, kubernetes, crane string

	baseline string // this program at an earlier commit, or empty
}

// baselineProvider is the provider at that commit, beside the program.
func (b binaries) baselineProvider() string {
	return filepath.Join(filepath.Dir(b.baseline), filepath.Base(b.provider))
}

// options are the command line.
type options struct {
	short bool
	write bool
	only  string

	baseline string
	largest  float64
}

func main() {
	if err := startBench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func startBench() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 4 && os.Args[1] == helperArgument {
		return runHelper(ctx, os.Args[2], os.Args[3])
	}
	return runBench(ctx)
}

func parseOptions() (o options, err error) {
	flag.BoolVar(&o.short, "short", false, "images of a 64th of their size, and fewer caches: to see that it works")
	flag.BoolVar(&o.write, "write", false, "write the pages in lab/bench/figures")
	flag.Float64Var(&o.largest, "largest", largestImage, "leave out images of more `GiB`")
	flag.StringVar(
		&o.baseline, "baseline", "",
		"this `program`, built from an earlier commit, which measures the same images in the same run",
	)
	flag.StringVar(
		&o.only, "only", "",
		"measure only this `section`, and print it as JSON: start, plan, refresh, waiting, streaming, logins, one range or images",
	)
	flag.Parse()
	if o.write && (o.short || o.largest < largestImage || o.only != "") {
		return o, errors.New("-write is for a whole run: without -short, -largest and -only")
	}
	return o, nil
}

func runBench(ctx context.Context) error {
	o, err := parseOptions()
	if err != nil {
		return err
	}
	b, err := findBinaries()
	if err != nil {
		return err
	}
	b.baseline = o.baseline
	folder, err := os.MkdirTemp("", "tkeimage-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := os.Setenv("TMPDIR", folder); err != nil { // providers that are killed leave their sockets there
		return err
	}
	f, err := measureAll(ctx, b, scaleOf(o), o.only)
	if err != nil {
		return err
	}
	if o.only != "" {
		return f.printJSON()
	}
	if err := f.publishPages(o.write); err != nil {
		return err
	}
	return f.checkPromises()
}

func (f *figures) printJSON() error {
	text, err := json.MarshalIndent(f, "", "  ")
	fmt.Println(string(text))
	return errors.Join(err, f.checkBaseline())
}

// findBinaries takes them from where make puts them: beside this program, and one folder up.
func findBinaries() (b binaries, err error) {
	if b.self, err = os.Executable(); err != nil {
		return b, err
	}
	here := filepath.Dir(b.self)
	tools := filepath.Dir(here)
	named := func(variable, fallback string) string {
		if path := os.Getenv(variable); path != "" {
			return path
		}
		return fallback
	}
	b.floor, b.null = filepath.Join(here, "floor"), filepath.Join(here, "null")
	b.provider = named("TKEIMAGE_PROVIDER_BIN", filepath.Join(tools, "terraform-provider-tkeimage"))
	b.kubernetes = named("TKEIMAGE_KUBERNETES_PROVIDER_BIN", filepath.Join(tools, "terraform-provider-kubernetes"))
	b.crane = named("TKEIMAGE_CRANE_BIN", filepath.Join(tools, "crane"))
	for _, path := range []string{b.provider, b.floor, b.null, b.kubernetes, b.crane} {
		if _, missing := os.Stat(path); missing != nil {
			err = errors.Join(err, missing)
		}
	}
	if err != nil {
		err = fmt.Errorf("run this with `make bench`: %w", err)
	}
	return b, err
}

// scale is how large everything is.
type scale struct {
	refreshes []int
	waiting   int
	images    []subject
	oneRange  []subject
	streamed  []subject
	logins    []loginSubject
}

func scaleOf(o options) scale {
	s := scale{
		refreshes: []int{1, 100, 1000}, waiting: 50,
		images:   []subject{{1, 1}, {1, 40}, {5, 1}, {5, 40}, {10, 1}, {largestImage, 1}, {largestImage, 40}},
		oneRange: []subject{{10, 1}, {largestImage, 40}},
		streamed: []subject{{1, 1}, {1, 4}},
	}
	isTooLarge := func(image subject) bool { return image.gib > o.largest }
	s.images, s.oneRange = slices.DeleteFunc(s.images, isTooLarge), slices.DeleteFunc(s.oneRange, isTooLarge)
	for _, login := range loginCases {
		s.logins = append(s.logins, loginSubject{login, 1, loginGiB}, loginSubject{login, 4, loginGiB})
	}
	if o.short {
		for i := range s.logins {
			s.logins[i].gib /= 8
		}
		s.refreshes = []int{1, 100}
		for _, list := range [][]subject{s.images, s.oneRange, s.streamed} {
			for i := range list {
				list[i].gib /= 64
			}
		}
	}
	return s
}

// figures are everything that was measured.
type figures struct {
	Machine   machine
	Starts    []startFigures
	Plan      planFigures
	Refreshes []refreshFigures
	Images    []measuringFigures
	OneRange  []measuringFigures // of a store that serves one range per request
	Streamed  []streamingFigures
	Waiting   waitingFigures
	Logins    []loginFigures
}

// measuringStep is one section of the pages.
type measuringStep struct {
	title string
	do    func() error
}

// measureAll measures one thing after the other, since they share the cores.
func measureAll(ctx context.Context, b binaries, s scale, only string) (f *figures, err error) {
	f = &figures{}
	begun, load := time.Now(), loadNow()
	kept, err := os.MkdirTemp("", "tkeimage-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(kept) }()
	for _, step := range []measuringStep{
		{"start", func() (err error) { f.Starts, err = measureStarts(ctx, b); return err }},
		{"plan", func() (err error) { f.Plan, err = measurePlan(ctx, b, kept); return err }},
		{"refresh", func() (err error) { f.Refreshes, err = eachOf(ctx, b, s.refreshes, measureRefresh); return err }},
		{"waiting", func() (err error) { f.Waiting, err = measureWaiting(ctx, b, s.waiting); return err }},
		{
			"streaming",
			func() (err error) { f.Streamed, err = eachOf(ctx, b, s.streamed, measureStreaming); return err },
		},
		{"logins", func() (err error) { f.Logins, err = eachOf(ctx, b, s.logins, measureLogin); return err }},
		{"one range", func() (err error) { f.OneRange, err = measureOneRange(ctx, b, s.oneRange); return err }},
		{"images", func() (err error) { f.Images, err = measureImages(ctx, b, s.images); return err }},
	} {
		if only != "" && only != step.title {
			continue
		}
		at := time.Now()
		if err := step.do(); err != nil {
			// a signal first: it is why a program was killed
			return nil, fmt.Errorf("%s: %w", step.title, errors.Join(context.Cause(ctx), err))
		}
		fmt.Fprintf(os.Stderr, "%-9s took %3.0f s\n", step.title, time.Since(at).Seconds())
	}
	f.Machine = thisMachine(load, time.Since(begun))
	return f, nil
}

// eachOf measures one thing in several sizes.
func eachOf[S, F any](
	ctx context.Context, b binaries, sizes []S, of func(context.Context, binaries, S) (F, error),
) (all []F, err error) {
	for _, size := range sizes {
		one, err := of(ctx, b, size)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// OneLayer is the image of so many GiB in one layer, if it was measured.
func (f *figures) OneLayer(gib float64) *measuringFigures {
	for i, image := range f.Images {
		if image.GiB == gib && image.Layers == 1 {
			return &f.Images[i]
		}
	}
	return nil
}
