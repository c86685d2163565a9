package tketest

import (
	"slices"
	"sync"
	"time"
)

// limiter lets each action be called so many times in any second. It counts over a sliding second
// and not with a bucket of tokens, which would let twice as many through in the first second.
type limiter struct {
	perSecond int

	mu    sync.Mutex
	taken map[string][]time.Time // by action, the calls of the last second, oldest first
}

func (l *limiter) allowCall(action string) bool {
	if l.perSecond < 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	recent := slices.DeleteFunc(l.taken[action], func(t time.Time) bool { return now.Sub(t) >= time.Second })
	allowed := len(recent) < l.perSecond
	if allowed {
		recent = append(recent, now)
	}
	l.taken[action] = recent
	return allowed
}
