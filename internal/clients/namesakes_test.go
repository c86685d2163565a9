package clients_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

func TestAPlansNamesCountForADay(t *testing.T) {
	t.Parallel()
	kept := store.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		planned := clients.PlannedNames{Store: kept}
		planned.Put("ap-guangzhou", "llm", []string{"imc-a", "imc-b"})
		if got := planned.Known("ap-guangzhou", "llm"); !slices.Equal(got, []string{"imc-a", "imc-b"}) {
			t.Errorf("kept %v", got)
		}
		for _, other := range [][2]string{{"ap-shanghai", "llm"}, {"ap-guangzhou", "web"}} {
			if got := planned.Known(other[0], other[1]); got != nil {
				t.Errorf("%v: %v are known", other, got)
			}
		}
		time.Sleep(24 * time.Hour)
		if got := planned.Known("ap-guangzhou", "llm"); got != nil {
			t.Errorf("%v are known after a day", got)
		}
	})
	if got := (clients.PlannedNames{}).Known("ap-guangzhou", "llm"); got != nil {
		t.Errorf("%v are known where nothing is kept", got)
	}
}

// TestACacheThatIsMetMeanwhileIsSeen: a state that is read slowly is waited for while it is read, and
// what was not met at its end, or at the end of the context, is returned.
func TestACacheThatIsMetMeanwhileIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen clients.SeenCaches
		seen.Add("imc-a")
		go func() {
			for i := range 10 {
				time.Sleep(900 * time.Millisecond)
				seen.AddRead(fmt.Sprint("imc-", i)) // is not waited for, but the state has more
			}
			time.Sleep(300 * time.Millisecond)
			seen.Add("imc-b")
		}()
		check := func(ctx context.Context, ids, want []string, after time.Duration) {
			t.Helper()
			begun := time.Now()
			unseen := seen.WaitSeen(ctx, ids, time.Second)
			if took := time.Since(begun); !slices.Equal(unseen, want) || took != after {
				t.Errorf("of %v, %v were not seen after %s, want %v after %s", ids, unseen, took, want, after)
			}
		}
		check(t.Context(), []string{"imc-a", "imc-b"}, nil, 9300*time.Millisecond)
		check(t.Context(), []string{"imc-c", "imc-a"}, []string{"imc-c"}, time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		check(ctx, []string{"imc-c"}, []string{"imc-c"}, 400*time.Millisecond)
	})
}

// lastMoment is a context that is done when a cache has just been met.
type lastMoment struct {
	context.Context
	seen *clients.SeenCaches
}

func (c lastMoment) Done() <-chan struct{} {
	c.seen.Add("imc-a")
	return c.Context.Done()
}

// TestACacheThatIsMetInTheLastMomentIsSeen: which of the two is noticed first is chance.
func TestACacheThatIsMetInTheLastMomentIsSeen(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	for range 32 {
		var seen clients.SeenCaches
		if unseen := seen.WaitSeen(lastMoment{ended, &seen}, []string{"imc-a"}, time.Hour); unseen != nil {
			t.Fatalf("%v were not seen", unseen)
		}
	}
}
