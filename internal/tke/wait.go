package tke

import (
	"context"
	"fmt"
	"time"
)

// notListedFor is how long a cache that was just created may be missing from the list before it
// counts as gone.
const notListedFor = 30 * time.Second

// BuildError says that the service gave up building a cache. The cache exists and holds the
// service's events.
type BuildError struct{ Cache *ImageCache }

func (e *BuildError) Error() string {
	return fmt.Sprintf("image cache %s is %s", e.Cache.ID, e.Cache.Status)
}

// Outcome is what was waited for. It decides what a wait that ended early leaves behind.
type Outcome int

// The outcomes.
const (
	Built   Outcome = iota
	Resumed         // a build that an earlier run began
	Updated
	Deleted
)

// WaitError says that the wait ended before its outcome was seen. It may still come about.
type WaitError struct {
	ID   string
	For  Outcome
	Last *ImageCache // what was seen last, nil when nothing was
	Err  error       // why the wait ended: a context error, or that of a read
}

func (e *WaitError) Error() string {
	return fmt.Sprintf("waiting for image cache %s, last seen %s: %v", e.ID, lastStatus(e.Last), e.Err)
}

// Unwrap returns why the wait ended.
func (e *WaitError) Unwrap() error { return e.Err }

// GoneError says that a cache is not there any more, though it was before.
type GoneError struct{ ID string }

func (e *GoneError) Error() string { return fmt.Sprintf("image cache %s is gone", e.ID) }

// firstPollDivisor shortens the wait before the first poll of a new cache.
const firstPollDivisor = 3

// WaitReady waits until a new cache is Ready or the context ends. All waiters poll on the same
// tick, the first time too, so that their reads are batched into one DescribeImageCaches call.
func (c *Client) WaitReady(ctx context.Context, id string) (*ImageCache, error) {
	if err := waitForTick(ctx, c.poll/firstPollDivisor); err != nil {
		return nil, &WaitError{ID: id, For: Built, Err: err}
	}
	return c.pollUntil(ctx, id, Built, isReady)
}

// WaitResumed waits as WaitReady does for a build that an earlier run began.
func (c *Client) WaitResumed(ctx context.Context, id string) (*ImageCache, error) {
	return c.pollUntil(ctx, id, Resumed, isReady)
}

func isReady(cache *ImageCache) (bool, error) {
	return cache.Status == StatusReady, buildFailure(cache)
}

// stableReads is how many reads in a row must show the same for a cache that was never seen
// Updating.
const stableReads = 3

// WaitUpdated waits until an update is complete: the cache is Ready again and shows what was
// requested. The update begins some time after the service has answered, and some updates may never
// show as Updating (unconfirmed); so the first reads may show the state before it, Ready or an
// earlier failure. An update that was seen to run is complete when the cache stays Ready, even if
// it shows other values than requested: the service may normalize them.
func (c *Client) WaitUpdated(ctx context.Context, id string, asAsked func(*ImageCache) bool) (*ImageCache, error) {
	begun, looks := false, 0
	return c.pollUntil(ctx, id, Updated, func(cache *ImageCache) (bool, error) {
		failed := buildFailure(cache)
		if cache.Status == StatusUpdating {
			begun = true
		}
		asked := failed != nil || asAsked(cache)
		if failed == nil && (cache.Status != StatusReady || !begun && !asked) {
			looks = 0
			return false, nil
		}
		if looks++; (!begun || !asked) && looks < stableReads {
			return false, nil
		}
		return failed == nil, failed
	})
}

func buildFailure(cache *ImageCache) error {
	if cache.Status == StatusFailed || cache.Status == StatusUpdateFailed {
		return &BuildError{Cache: cache}
	}
	return nil
}

// WaitDeleted waits until a cache whose deletion the service has confirmed is not listed any more.
func (c *Client) WaitDeleted(ctx context.Context, id string) error {
	for missed := 0; ; {
		cache, err := c.pollByID.loadCache(ctx, id)
		if missed++; cache != nil || err != nil {
			missed = 0
		}
		if missed == deletedReads {
			return nil
		}
		if err == nil {
			err = waitForTick(ctx, c.poll)
		}
		if err != nil {
			return &WaitError{ID: id, For: Deleted, Last: cache, Err: err}
		}
	}
}

// pollUntil is the one poll loop. Reads retry transient faults on their own, so an error of a read
// ends the wait.
func (c *Client) pollUntil(
	ctx context.Context, id string, outcome Outcome, look func(*ImageCache) (bool, error),
) (*ImageCache, error) {
	var last *ImageCache
	started, missed := time.Now(), 0
	for {
		cache, err := c.pollByID.loadCache(ctx, id)
		if err != nil {
			return last, &WaitError{ID: id, For: outcome, Last: last, Err: err}
		}
		if missed++; cache != nil {
			last, missed = cache, 0
			if done, err := look(cache); done || err != nil {
				return cache, err
			}
		}
		if missed >= absentReads && (last != nil || time.Since(started) > notListedFor) {
			return nil, &GoneError{ID: id}
		}
		if err := waitForTick(ctx, c.poll); err != nil {
			return last, &WaitError{ID: id, For: outcome, Last: last, Err: err}
		}
	}
}

// waitForTick sleeps until the next multiple of an interval: all waiters poll on the same tick, and
// so share calls.
func waitForTick(ctx context.Context, interval time.Duration) error {
	now := time.Now()
	timer := time.NewTimer(now.Truncate(interval).Add(interval).Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func lastStatus(cache *ImageCache) string {
	if cache == nil {
		return "not listed"
	}
	return cache.Status
}
