package measure

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

func TestAFactOfAHostIsKeptForADay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		facts := HostFacts{Store: store.Open(dir)}
		if facts.HasFact("a.example:5000", registry.NoReferrers) {
			t.Error("known before it was seen")
		}
		facts.PutFact("a.example:5000", registry.NoReferrers)
		time.Sleep(hostFactLife - time.Minute)
		again := HostFacts{Store: store.Open(dir)} // another run
		if !again.HasFact("a.example:5000", registry.NoReferrers) || again.HasFact("a.example", registry.NoReferrers) ||
			again.HasFact("a.example:5000", registry.OneRange) {
			t.Error("not kept for its host and itself alone")
		}
		time.Sleep(2 * time.Minute)
		if again.HasFact("a.example:5000", registry.NoReferrers) {
			t.Error("still known after a day")
		}
	})
	nothing := HostFacts{}
	nothing.PutFact("a.example", registry.NoReferrers)
	if nothing.HasFact("a.example", registry.NoReferrers) {
		t.Error("kept without a folder")
	}
}
