package transport

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
)

// takeAll takes slots until one more has to wait.
func takeAll(t *testing.T, h *hostSlots) (taken []*slot) {
	t.Helper()
	for {
		ctx, cancel := context.WithCancel(t.Context())
		waits := make(chan *slot, 1)
		go func() {
			s, _ := h.take(ctx)
			waits <- s
		}()
		synctest.Wait()
		cancel()
		s := <-waits
		if s == nil {
			return taken
		}
		taken = append(taken, s)
	}
}

func endAll(taken []*slot, status int) {
	for _, s := range taken {
		s.heedStatus(status)
		s.release()
		s.release() // counts once
	}
}

func TestAHostThatIsAskedTooOftenIsAskedLess(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			h := (&slots{size: 32}).ofHost("r.io")
			for _, step := range []struct{ status, most int }{
				{http.StatusOK, 32},
				{status, 32},
				{status, 16}, // all of a burst count once
				{status, 8},
				{http.StatusOK, 4},
				{http.StatusOK, 5},
				{http.StatusUnauthorized, 6},
				{status, 7},
				{status, 3},
				{status, 1},
				{status, 1},
				{http.StatusOK, 1},
				{http.StatusOK, 2},
			} {
				taken := takeAll(t, h)
				if len(taken) != step.most {
					t.Fatalf("%d requests at one time, want %d", len(taken), step.most)
				}
				endAll(taken, step.status)
			}
		})
	}
}

func TestSlotsAreGivenInTheOrderOfRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := (&slots{size: 1}).ofHost("r.io")
		first, err := h.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan int, 3)
		for i := range 3 {
			go func() {
				s, err := h.take(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				order <- i
				s.release()
			}()
			synctest.Wait()
		}
		first.release()
		for i := range 3 {
			if got := <-order; got != i {
				t.Errorf("request %d came in place of %d", got, i)
			}
		}
	})
}
