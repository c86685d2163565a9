package clients

import (
	"maps"
	"slices"
	"sync"
)

// Known is what this process knows of image caches by their ids: those that it has met in a state or made itself, and those that it
// has dropped from a state because the service listed them no more. A cache of a planned name that is not known may belong to
// another run, or may be what a run that was killed has left behind. It is safe for concurrent use.
type Known struct {
	mu      sync.Mutex
	held    map[string]*met
	dropped map[string]bool // whether it was looked for since
}

// met counts how often an id was met in a state.
type met struct{ read, planned int }

// Add notes a cache that was made.
func (k *Known) Add(id string) { k.note(id, &met{}) }

// AddRead notes a cache that is being refreshed. It reports whether this is the second address in the state that holds it, which it
// does once for each id.
func (k *Known) AddRead(id string) (atSecondAddress bool) {
	return k.note(id, &met{read: 1}).read == 2
}

// AddPlanned notes a cache that is being planned, as AddRead does for plans that refresh nothing.
func (k *Known) AddPlanned(id string) (atSecondAddress bool) {
	seen := k.note(id, &met{planned: 1})
	return seen.planned == 2 && seen.read == 0
}

func (k *Known) note(id string, more *met) met {
	if id == "" {
		return met{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil {
		k.held, k.dropped = map[string]*met{}, map[string]bool{}
	}
	if k.held[id] == nil {
		k.held[id] = &met{}
	}
	k.held[id].read += more.read
	k.held[id].planned += more.planned
	return *k.held[id]
}

// Has reports whether a cache was made or met in a state, and was not dropped.
func (k *Known) Has(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[id] != nil
}

// Drop notes that a cache leaves the state.
func (k *Known) Drop(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held[id] != nil {
		delete(k.held, id)
		k.dropped[id] = false
	}
}

// WasDropped reports whether a cache has left the state in this process.
func (k *Known) WasDropped(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, dropped := k.dropped[id]
	return dropped
}

// TakeDropped returns the dropped caches that were not taken before: each is looked for once more, by whichever plan comes first.
func (k *Known) TakeDropped() []string {
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
