package measure

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

func TestThatAHostServesOneRangeIsKeptForADay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		facts := HostFacts{Store: store.Open(dir)}
		if facts.ServesOneRange("a.example:5000") {
			t.Error("known before it was seen")
		}
		facts.PutServesOneRange("a.example:5000")
		time.Sleep(hostFactLife - time.Minute)
		again := HostFacts{Store: store.Open(dir)} // another run
		if !again.ServesOneRange("a.example:5000") || again.ServesOneRange("a.example") {
			t.Error("not kept for its host alone")
		}
		time.Sleep(2 * time.Minute)
		if again.ServesOneRange("a.example:5000") {
			t.Error("still known after a day")
		}
	})
	nothing := HostFacts{}
	nothing.PutServesOneRange("a.example")
	if nothing.ServesOneRange("a.example") {
		t.Error("kept without a folder")
	}
}
