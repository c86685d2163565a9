package clients_test

import (
	"context"
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
		planned := clients.PlannedNames{Kept: kept}
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

// TestACacheThatIsMetMeanwhileIsSeen: what is not met until the end of the context is returned.
func TestACacheThatIsMetMeanwhileIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen clients.SeenCaches
		seen.Add("imc-a")
		go func() {
			time.Sleep(300 * time.Millisecond)
			seen.AddRead("imc-x") // wakes, and is not waited for
			time.Sleep(300 * time.Millisecond)
			seen.Add("imc-b")
		}()
		begun := time.Now()
		if unseen := seen.WaitSeen(t.Context(), []string{"imc-a", "imc-b"}); unseen != nil ||
			time.Since(begun) != 600*time.Millisecond {
			t.Errorf("after %s there were not seen: %v", time.Since(begun), unseen)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if unseen := seen.WaitSeen(ctx, []string{"imc-c", "imc-a"}); !slices.Equal(unseen, []string{"imc-c"}) {
			t.Errorf("not seen: %v", unseen)
		}
	})
}
