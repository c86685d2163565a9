//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are those of the command line, as parseOptions describes them.
type options struct {
	short   bool
	only    *regexp.Regexp
	write   string
	guide   bool
	cache   string
	keep    bool
	sizes   bool
	timeout time.Duration
}

func parseOptions() (options, error) {
	var o options
	var only string
	flag.BoolVar(&o.short, "short", false, "only the cases that are small")
	flag.StringVar(&only, "only", "", "only the cases whose `title` matches this regular expression")
	flag.StringVar(&o.write, "write", "", "write the table to this `file` too")
	flag.BoolVar(&o.guide, "guide", false, "write the table into the guide below templates/ and docs/")
	flag.StringVar(
		&o.cache, "cache", os.Getenv("TKEIMAGE_TRUTH_CACHE"),
		"`folder` that keeps Debian's packages and npm's modules between runs",
	)
	flag.BoolVar(
		&o.keep, "keep", false,
		"keep the images and what containerd used in the folder of -cache too: the next run only measures",
	)
	flag.BoolVar(&o.sizes, "sizes", false, "measure spliced images that need 20 to 60 GiB instead, without a pull")
	flag.DurationVar(&o.timeout, "timeout", 3*time.Hour, "the longest that everything may take")
	flag.Parse()
	if flag.NArg() > 0 {
		return o, fmt.Errorf("there is no argument %q", flag.Arg(0))
	}
	if o.keep && o.cache == "" {
		return o, errors.New("-keep needs a folder: -cache")
	}
	var err error
	o.only, err = regexp.Compile(only)
	return o, err
}

func main() {
	o, err := parseOptions()
	if err == nil {
		err = runTrials(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "truth:", err)
		os.Exit(1)
	}
}

// runTrials works in a folder of its own, which it removes: on success, on failure, and after a
// signal.
func runTrials(o options) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("mounting needs root")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()

	folder, err := os.MkdirTemp("", "tkeimage-truth-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := os.Setenv("TMPDIR", folder); err != nil { // the registry's data belong there too
		return err
	}
	if o.cache == "" {
		o.cache = filepath.Join(folder, "cache")
	}
	if o.sizes {
		return trySizes(ctx, o, folder)
	}
	cases := chooseCases(o)
	if len(cases) == 0 {
		return errors.New("no case was chosen")
	}
	return tryCases(ctx, o, folder, cases)
}

// chooseCases returns the cases that the options choose.
func chooseCases(o options) []trialCase {
	var cases []trialCase
	for _, c := range listCases(o.cache) {
		if (c.small || !o.short) && o.only.MatchString(c.title) {
			cases = append(cases, c)
		}
	}
	return cases
}

// listMissing returns the titles of the cases without a row: not chosen, left out, or broken off.
func listMissing(cases []trialCase, rows []row) []string {
	var titles []string
	for _, c := range cases {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.title == c.title }) {
			titles = append(titles, c.title)
		}
	}
	return titles
}

// tryCases tries one case after the other, since they share the cores and the disk, and publishes
// the table even of a run that broke off.
func tryCases(ctx context.Context, o options, folder string, cases []trialCase) error {
	begun := time.Now()
	var rows []row
	var broken []string
	for _, c := range cases {
		r, err := tryAndPrint(ctx, o, folder, c)
		if ctx.Err() != nil {
			broken = append(broken, "broken off: "+context.Cause(ctx).Error())
			break
		}
		if err == nil {
			rows = append(rows, r)
		}
		for _, failure := range r.failures {
			broken = append(broken, c.title+": "+failure)
		}
	}
	lacking := listMissing(listCases(o.cache), rows)
	table := formatTable(context.WithoutCancel(ctx), rows, lacking, time.Since(begun))
	err := publishTable(o, tableMarks, table)
	if err == nil && len(broken) > 0 {
		err = fmt.Errorf("%d claims do not hold:\n  %s", len(broken), strings.Join(broken, "\n  "))
	}
	return err
}

// tryAndPrint tries a case where the disk is large enough, and prints which claims it refutes. The
// error is among the failures of the row.
func tryAndPrint(ctx context.Context, o options, folder string, c trialCase) (r row, err error) {
	at := time.Now()
	free, err := freeGiB(folder)
	if err == nil && free < c.freeGiB {
		err = fmt.Errorf("left out, since it needs %d GiB of disk and %d are free", c.freeGiB, free)
	}
	if err == nil {
		r, err = tryCase(ctx, o, filepath.Join(folder, "case"), c)
	}
	if err != nil {
		r.failures = append(r.failures, err.Error())
	}
	fmt.Fprintf(os.Stderr, "%-40s %4.0f s, %d failures\n", c.title, time.Since(at).Seconds(), len(r.failures))
	for _, failure := range r.failures {
		fmt.Fprintln(os.Stderr, "   ", failure)
	}
	return r, err
}

// publishTable prints the table and writes it where the options say.
func publishTable(o options, around marks, text string) error {
	fmt.Print(text)
	if o.write != "" {
		if err := writePage(o.write, text); err != nil {
			return err
		}
	}
	if o.guide {
		return writeIntoGuides(around, text)
	}
	return nil
}
