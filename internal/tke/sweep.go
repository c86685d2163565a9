package tke

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	// sweepFresh is how long a sweep answers reads, from its start.
	sweepFresh = 30 * time.Second
	// burstPause ends a burst of reads.
	burstPause = 2 * time.Second
	// sweepAfter is how many calls a burst must have cost before a sweep is thought of: small states never sweep.
	sweepAfter = 4
	// pagesForCall is how many pages a sweep may have for each call that the burst has cost so far. A burst thus never costs more
	// than a few times what single reads would have cost, however many caches of others the region holds.
	pagesForCall = 5
	// longestSweep is how long a sweep may take at the client's own rate; a longer one is not begun, since its first pages would be
	// too old before its last one came, while everybody waited for it. At 15 requests a second it lists 15,000 caches.
	longestSweep = 20 * time.Second
)

// sweepPages is how many pages a sweep may have at most.
func sweepPages(perSecond float64) int64 { return max(1, int64(perSecond*longestSweep.Seconds())) }

// RefreshCalls is how many calls the refresh of a state takes whose caches are all that the region has, read so many at once, by a
// client of this rate: reads share calls until a listing of the region takes over, which the calls before it have to be worth.
func RefreshCalls(caches, atOnce int, perSecond float64) int {
	alone, pages := (caches+atOnce-1)/atOnce, (caches+pageSize-1)/pageSize
	givenUp := 0 // listings, each of which has cost a page
	for spent := sweepAfter; spent < alone; spent *= 2 {
		if int64(pages) <= min(int64(spent)*pagesForCall, sweepPages(perSecond)) {
			return spent + givenUp + pages
		}
		givenUp++
	}
	return alone + givenUp
}

// LargestSweep is how many caches a region may have for a client of this rate to list it.
func LargestSweep(perSecond float64) int { return int(sweepPages(perSecond)) * pageSize }

// sweeper answers a burst of reads, such as the refresh of a large state, from one listing of the whole region. Terraform reads
// ten resources at a time, so that shared calls alone would still cost a tenth of one call for each.
//
// A sweep is believed only where it shows a cache: one that it does not show is asked for by itself, since a page may slip while
// caches come and go. And it ends with the first write of this client, so that no read sees the past of its own process.
type sweeper struct {
	calls  atomic.Int64 // that single reads have cost
	writes atomic.Int64 // begun and ended

	mu       sync.Mutex
	lastRead time.Time
	base     int64 // calls at the start of the burst
	need     int64 // calls that the burst must have cost before the next sweep
	last     *sweep
}

// sweep is one listing of all caches.
type sweep struct {
	begun  time.Time
	writes int64
	done   chan struct{}
	caches map[string]*ImageCache // nil until done, and when it was given up
}

// Read reads one cache for a refresh, as Search does. During a burst the answer may be half a minute old, but never older than the
// last write of this client. To follow a cache that changes, use Find.
func (c *Client) Read(ctx context.Context, id, name string) (*ImageCache, error) {
	if s := c.sweeper.current(ctx, c); s != nil {
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil, cloudapi.Canceled(ctx, service, ActionDescribe)
		}
		if cache := s.caches[id]; cache != nil && s.writes == c.sweeper.writes.Load() {
			return cache, nil
		}
	}
	return c.Search(ctx, id, name)
}

// write counts the beginning of a write, and its end when what it gives is called.
func (w *sweeper) write() (end func()) {
	w.writes.Add(1)
	return func() { w.writes.Add(1) }
}

// current gives the sweep that answers a read which begins now, and begins one where it pays; nil where single reads do.
func (w *sweeper) current(ctx context.Context, c *Client) *sweep {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, calls, writes := time.Now(), w.calls.Load(), w.writes.Load()
	if now.Sub(w.lastRead) > burstPause {
		w.base, w.need = calls, sweepAfter
	}
	w.lastRead = now
	if w.last != nil && w.last.writes == writes && now.Sub(w.last.begun) < sweepFresh && !w.last.givenUp() {
		return w.last
	}
	spent := calls - w.base
	if spent < w.need {
		return nil
	}
	w.need = 2 * spent
	w.last = &sweep{begun: now, writes: writes, done: make(chan struct{})}
	go w.last.run(context.WithoutCancel(ctx), c, min(spent*pagesForCall, c.sweepPages)) // it belongs to all who wait for it
	return w.last
}

// givenUp says that it has ended and shows nothing.
func (s *sweep) givenUp() bool {
	select {
	case <-s.done:
		return s.caches == nil
	default:
		return false
	}
}

// run lists the region, unless that would take more pages than it may.
func (s *sweep) run(ctx context.Context, c *Client, pages int64) {
	defer close(s.done)
	ctx, cancel := context.WithTimeout(ctx, sweepFresh)
	defer cancel()
	caches, err := c.listPages(ctx, describeRequest{maxPages: pages})
	if err != nil {
		return // single reads will say what is wrong, if anything is
	}
	s.caches = make(map[string]*ImageCache, len(caches))
	for i := range caches {
		s.caches[caches[i].ID] = &caches[i]
	}
}
