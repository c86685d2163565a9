package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
)

// slots bounds the requests in flight per host.
type slots struct {
	size  int
	mu    sync.Mutex
	hosts map[string]*hostSlots
}

func (s *slots) ofHost(host string) *hostSlots {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts == nil {
		s.hosts = map[string]*hostSlots{}
	}
	if s.hosts[host] == nil {
		s.hosts[host] = &hostSlots{most: s.size, limit: s.size}
	}
	return s.hosts[host]
}

// hostSlots bounds the requests in flight at one host. A host that says that it is asked too often
// gets half as many at a time, and one more after each round of answers that do not say so.
type hostSlots struct {
	most int

	mu      sync.Mutex
	limit   int
	busy    int
	answers int // since the limit changed
	changes int // of the limit, downward
	waiting []chan struct{}
}

// slot is occupied until the answer's body is closed.
type slot struct {
	of      *hostSlots
	changes int // when it was taken
	release func()
}

// take waits for a slot, first come, first served.
func (h *hostSlots) take(ctx context.Context) (*slot, error) {
	granted := make(chan struct{})
	h.mu.Lock()
	h.waiting = append(h.waiting, granted)
	h.grant()
	h.mu.Unlock()
	select {
	case <-granted:
	case <-ctx.Done():
		h.mu.Lock()
		defer h.mu.Unlock()
		if i := slices.Index(h.waiting, granted); i >= 0 {
			h.waiting = slices.Delete(h.waiting, i, i+1)
			return nil, ctx.Err()
		}
		h.free() // it came at the same moment
		return nil, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return &slot{of: h, changes: h.changes, release: sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.free()
	})}, nil
}

// grant hands free slots to those that wait. The caller holds the lock, here and in free.
func (h *hostSlots) grant() {
	for h.busy < h.limit && len(h.waiting) > 0 {
		close(h.waiting[0])
		h.waiting = h.waiting[1:]
		h.busy++
	}
}

func (h *hostSlots) free() {
	h.busy--
	h.grant()
}

// heedStatus adapts the limit to an answer. Those to requests that were made before the limit fell
// lower it no further.
func (s *slot) heedStatus(status int) {
	h := s.of
	h.mu.Lock()
	defer h.mu.Unlock()
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if s.changes == h.changes {
			h.limit, h.answers = max(1, min(h.limit, h.busy)/2), 0
			h.changes++
		}
	default:
		if h.answers++; h.answers >= h.limit && h.limit < h.most {
			h.limit, h.answers = h.limit+1, 0
			h.grant()
		}
	}
}
