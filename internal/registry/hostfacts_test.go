package registry

import (
	"sync"
	"testing"
	"testing/synctest"
)

// TestReadersGoOnSideBySideOnceATrialHasShown: those that waited for the first request do not wait
// for each other.
func TestReadersGoOnSideBySideOnceATrialHasShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newHostFacts("registry.example.com", nil)
		end, err := f.beginTrial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 3 { // none of them ends what it has begun
			group.Go(func() {
				if _, err := f.beginTrial(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		f.servedRanges.Store(true)
		end()
		group.Wait()
	})
}

// TestTheFirstReadersOfAKnownHostGoOnSideBySide: an earlier run saw that it serves several ranges.
func TestTheFirstReadersOfAKnownHostGoOnSideBySide(t *testing.T) {
	t.Parallel()
	kept := &facts{known: map[string]bool{}}
	newHostFacts("registry.example.com", kept).rememberSeveralRanges()
	synctest.Test(t, func(t *testing.T) {
		f := newHostFacts("registry.example.com", kept)
		for range 2 { // neither ends what it has begun
			if _, err := f.beginTrial(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if f.servedRanges.Load() {
			t.Error("the host seems to have served several ranges in this run")
		}
	})
}
