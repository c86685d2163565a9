package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// Builds last from shortestBuild to longestBuild: long enough for several looks, and short enough
// for a bench.
const (
	shortestBuild = 6 * time.Second
	longestBuild  = 30 * time.Second

	longestLine = 1 << 20 // bytes, of the CLI's log
)

// waitingFigures are what it costs to wait for caches that are built at once.
type waitingFigures struct {
	Caches  int
	Calls   int           // of DescribeImageCaches, for caches by id
	Pollers int           // calls that one poller for each cache would have made, at the same interval
	Median  time.Duration // from Ready at the service to the end of the apply of that cache
	Longest time.Duration
	Wall    time.Duration
}

func measureWaiting(ctx context.Context, b binaries, caches int) (f waitingFigures, err error) {
	f.Caches = caches
	clock := &builds{began: map[string]time.Time{}, ready: map[string]time.Time{}}
	service := tketest.New(tketest.Options{Pace: -1, Builder: clock.buildOnce})
	defer service.Close()
	service.Inject(tketest.Fault{Times: tketest.Always, Effect: tketest.Delay{For: latency}})
	w, err := newWorkspace(b, b.provider, manyCaches())
	if err != nil {
		return f, err
	}
	defer w.close()
	w.setVariables(cloudEnvironment(
		service.URL, "TF_VAR_caches="+strconv.Itoa(caches),
		"TF_VAR_rate="+strconv.Itoa(tke.DefaultMaxRequestsPerSecond),
	)...)
	if _, err := w.runCommand(ctx, "init"); err != nil {
		return f, err
	}
	begun := time.Now()
	ended, err := w.applyTimes(ctx, caches)
	if err != nil {
		return f, err
	}
	f.Wall = time.Since(begun)
	for _, request := range service.Requests() {
		if request.Body["ImageCacheIds"] != nil { // before each creation there is also a look for the name
			f.Calls++
		}
	}
	return f, f.compareEnds(clock, ended)
}

// compareEnds compares when each cache was ready with when the CLI had applied it.
func (f *waitingFigures) compareEnds(clock *builds, ended map[string]time.Time) error {
	var lags []time.Duration
	for image, at := range clock.ready {
		f.Pollers += 1 + int(at.Sub(clock.began[image])/tke.DefaultPollInterval)
		lag := ended[image].Sub(at)
		lags, f.Longest = append(lags, lag), max(f.Longest, lag)
	}
	if len(lags) != f.Caches || len(ended) != f.Caches {
		return fmt.Errorf("%d caches were built and %d applied, of %d", len(lags), len(ended), f.Caches)
	}
	f.Median = medianValue(lags)
	return nil
}

// builds are the service's, by the image that a cache holds.
type builds struct {
	mu           sync.Mutex
	began, ready map[string]time.Time
}

func (b *builds) buildOnce(ctx context.Context, cache tketest.Cache) error {
	began := time.Now()
	select {
	case <-time.After(shortestBuild + rand.N(longestBuild-shortestBuild)):
	case <-ctx.Done():
		return ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.began[cache.Images[0]], b.ready[cache.Images[0]] = began, time.Now()
	return nil
}

// applyTimes applies everything at once, and tells from the CLI's own log when each cache was done,
// by its image.
func (w *workspace) applyTimes(ctx context.Context, parallelism int) (map[string]time.Time, error) {
	command := w.prepareCommand(ctx, "apply", "-auto-approve", "-json", "-parallelism="+strconv.Itoa(parallelism))
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		return nil, err
	}
	ended := map[string]time.Time{}
	var last string
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		last = lines.Text()
		var line struct {
			Timestamp time.Time `json:"@timestamp"`
			Type      string    `json:"type"`
			Hook      struct {
				Resource struct {
					Key int `json:"resource_key"`
				} `json:"resource"`
			} `json:"hook"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Type == "apply_complete" {
			ended[fmt.Sprintf("registry.example.com/app:v%d", line.Hook.Resource.Key)] = line.Timestamp
		}
	}
	_, _ = io.Copy(io.Discard, out) // after a line that is too long: the CLI would wait for a reader
	if err := errors.Join(lines.Err(), command.Wait()); err != nil {
		return nil, fmt.Errorf("apply: %w\n%s\n%s", err, last, stderr.String())
	}
	return ended, nil
}
