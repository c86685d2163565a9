package clients

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// SeenCaches records the ids of caches found in state or created by this run, and of those dropped
// from the state because the service no longer lists them. An unseen cache with a planned name may
// belong to another run, or be an orphan of an interrupted one. It is safe for concurrent use.
type SeenCaches struct {
	mu      sync.Mutex
	seen    map[string]*useCount
	dropped map[string]bool // whether it was looked for since
	more    chan struct{}   // closed when another cache is met; nil while nothing waits for that
}

// useCount counts how often an id was met in a state.
type useCount struct{ read, planned int }

// Add notes a cache that was made.
func (k *SeenCaches) Add(id string) { k.recordUse(id, &useCount{}) }

// AddRead records a cache that is being refreshed. It reports whether this is the second address in
// the state with this id, once for each id.
func (k *SeenCaches) AddRead(id string) (atSecondAddress bool) {
	return k.recordUse(id, &useCount{read: 1}).read == 2
}

// AddPlanned records a cache that is being planned, as AddRead does for plans without a refresh.
func (k *SeenCaches) AddPlanned(id string) (atSecondAddress bool) {
	seen := k.recordUse(id, &useCount{planned: 1})
	return seen.planned == 2 && seen.read == 0
}

func (k *SeenCaches) recordUse(id string, more *useCount) useCount {
	if id == "" {
		return useCount{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen == nil {
		k.seen, k.dropped = map[string]*useCount{}, map[string]bool{}
	}
	if k.seen[id] == nil {
		k.seen[id] = &useCount{}
		k.wakeWaiting()
	}
	k.seen[id].read += more.read
	k.seen[id].planned += more.planned
	return *k.seen[id]
}

// Has reports whether a cache was made or met in a state, and was not dropped.
func (k *SeenCaches) Has(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen[id] != nil
}

func (k *SeenCaches) wakeWaiting() {
	if k.more != nil {
		close(k.more)
		k.more = nil
	}
}

// WaitSeen waits until all of these caches were made or met in a state: a CLI reads a state in any
// order, so a cache that is not known yet may be the next to be read. The wait ends with the
// context, and when no other cache was met for quiet, as the state has then been read. It returns
// the caches that were not met.
func (k *SeenCaches) WaitSeen(ctx context.Context, ids []string, quiet time.Duration) (unseen []string) {
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		unseen, more := k.selectUnseen(ids)
		if len(unseen) == 0 {
			return nil
		}
		select {
		case <-more:
			timer.Reset(quiet)
			continue
		case <-timer.C:
		case <-ctx.Done():
		}
		unseen, _ = k.selectUnseen(ids) // the last one may have been met in the same moment
		return unseen
	}
}

func (k *SeenCaches) selectUnseen(ids []string) (unseen []string, more <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range ids {
		if k.seen[id] == nil {
			unseen = append(unseen, id)
		}
	}
	if k.more == nil {
		k.more = make(chan struct{})
	}
	return unseen, k.more
}

// Drop notes that a cache leaves the state.
func (k *SeenCaches) Drop(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen[id] != nil {
		delete(k.seen, id)
		k.dropped[id] = false
	}
}

// WasDropped reports whether a cache has left the state in this process.
func (k *SeenCaches) WasDropped(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, dropped := k.dropped[id]
	return dropped
}

// TakeDropped returns the dropped caches that were not returned before: the first plan that calls
// it reads each of them once more.
func (k *SeenCaches) TakeDropped() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(k.dropped)) {
		if !k.dropped[id] {
			k.dropped[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}
