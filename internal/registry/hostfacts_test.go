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
		f := &hostFacts{trial: make(chan struct{}, 1)}
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
