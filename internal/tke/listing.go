package tke

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	// listingLifetime is how long a listing answers reads, from its start.
	listingLifetime = 30 * time.Second
	// burstPause ends a burst of reads.
	burstPause = 2 * time.Second
	// callsBeforeListing is how many calls a burst must have cost before a listing is thought of:
	// small states never listing.
	callsBeforeListing = 4
	// pagesPerCall is how many pages a listing may have for each call that the burst has cost so
	// far. A burst thus never costs more than a few times what single reads would have cost,
	// however many caches of others the region holds.
	pagesPerCall = 5
	// maxListingTime is how long a listing may take at the client's own rate; a longer one is not
	// begun, since its first pages would be too old before its last one came, while everybody
	// waited for it. At 15 requests a second it lists 15,000 caches.
	maxListingTime = 20 * time.Second
)

// maxListingPages is how many pages a listing may have at most.
func maxListingPages(perSecond float64) int64 {
	return max(1, int64(perSecond*maxListingTime.Seconds()))
}

// regionListings answers a burst of reads, such as the refresh of a large state, from one listing
// of the whole region. Terraform reads ten resources at a time, so that shared calls alone would
// still cost a tenth of a call for each.
//
// A listing answers only reads of caches that it shows: others are read individually, since pages
// shift while caches are created and deleted. It is discarded at the next write of this client, so
// that no read returns a state from before a write of its own process.
type regionListings struct {
	calls  atomic.Int64 // that single reads have cost
	writes atomic.Int64 // begun and ended

	mu       sync.Mutex
	lastRead time.Time
	base     int64 // calls at the start of the burst
	need     int64 // calls that the burst must have cost before the next listing
	last     *regionListing
}

// regionListing is one listing of all caches.
type regionListing struct {
	begun  time.Time
	writes int64
	done   chan struct{}
	caches map[string]*ImageCache // nil until done, and when it was abandoned
}

// getFromListing returns a cache from the current listing of the region, or nil if there is no
// listing, or none that shows the cache and began after the last write.
func (c *Client) getFromListing(ctx context.Context, id string) (*ImageCache, error) {
	listing := c.listings.currentListing(ctx, c)
	if listing == nil {
		return nil, nil
	}
	select {
	case <-listing.done:
	case <-ctx.Done():
		return nil, cloudapi.NewCanceledError(ctx, service, ActionDescribe)
	}
	if cache := listing.caches[id]; cache != nil && listing.writes == c.listings.writes.Load() {
		return cache, nil
	}
	return nil, nil
}

// beginWrite counts the beginning of a write; the returned function counts its end.
func (w *regionListings) beginWrite() (end func()) {
	w.writes.Add(1)
	return func() { w.writes.Add(1) }
}

// currentListing returns the listing that answers a read which begins now, and starts one where
// that saves calls; nil where single reads are cheaper.
func (w *regionListings) currentListing(ctx context.Context, c *Client) *regionListing {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, calls, writes := time.Now(), w.calls.Load(), w.writes.Load()
	if now.Sub(w.lastRead) > burstPause {
		w.base, w.need = calls, callsBeforeListing
	}
	w.lastRead = now
	if w.last != nil && w.last.writes == writes && now.Sub(w.last.begun) < listingLifetime && !w.last.wasAbandoned() {
		return w.last
	}
	spent := calls - w.base
	if spent < w.need {
		return nil
	}
	w.need = 2 * spent
	w.last = &regionListing{begun: now, writes: writes, done: make(chan struct{})}
	go w.last.fetchRegion(
		context.WithoutCancel(ctx), c, min(spent*pagesPerCall, c.listingPages),
	) // it belongs to all who wait for it
	return w.last
}

// wasAbandoned reports whether the listing has ended without a result.
func (s *regionListing) wasAbandoned() bool {
	select {
	case <-s.done:
		return s.caches == nil
	default:
		return false
	}
}

// fetchRegion lists the region, unless that takes more pages than allowed.
func (s *regionListing) fetchRegion(ctx context.Context, c *Client, pages int64) {
	defer close(s.done)
	ctx, cancel := context.WithTimeout(ctx, listingLifetime)
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
