package transport

import (
	"testing"
	"time"
)

func TestWaitsDoubleUpToTheirBound(t *testing.T) {
	t.Parallel()
	r := Retry{WaitMin: 100 * time.Millisecond, WaitMax: time.Second}
	for attempt, base := range map[int]time.Duration{
		0: 100 * time.Millisecond, 1: 200 * time.Millisecond, 3: 800 * time.Millisecond,
		4: time.Second, 15: time.Second, 40: time.Second, 1000: time.Second,
	} {
		if got := r.backoff(attempt); got < base || got > base+base/4 {
			t.Errorf("attempt %d waits %s", attempt, got)
		}
	}
}
