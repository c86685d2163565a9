package clients_test

import (
	"slices"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
)

func TestACacheThatLeavesTheStateIsNotKnownAnyMore(t *testing.T) {
	t.Parallel()
	var known clients.SeenCaches
	known.Add("imc-a")
	known.AddRead("imc-b")
	known.Drop("imc-b")
	known.Drop("imc-c") // was never held
	known.Add("")
	if !known.Has("imc-a") || known.Has("imc-b") || known.Has("") || known.WasDropped("imc-a") ||
		!known.WasDropped("imc-b") ||
		known.WasDropped("imc-c") {
		t.Errorf("%+v", &known)
	}
	if first, second := known.TakeDropped(), known.TakeDropped(); !slices.Equal(first, []string{"imc-b"}) ||
		second != nil {
		t.Errorf("taken %v and then %v", first, second)
	}
}

// TestASecondAddressIsReportedOnce, whether the state is refreshed or not; the plan after a refresh
// is no second address.
func TestASecondAddressIsReportedOnce(t *testing.T) {
	t.Parallel()
	var refreshed, planned clients.SeenCaches
	got := []bool{
		refreshed.AddRead("imc-a"),
		refreshed.AddPlanned("imc-a"),
		refreshed.AddRead("imc-a"),
		refreshed.AddPlanned("imc-a"),
		refreshed.AddRead("imc-a"),
	}
	if want := []bool{false, false, true, false, false}; !slices.Equal(got, want) {
		t.Errorf("refreshed: %v, want %v", got, want)
	}
	got = []bool{
		planned.AddPlanned("imc-a"),
		planned.AddPlanned("imc-b"),
		planned.AddPlanned("imc-a"),
		planned.AddPlanned("imc-a"),
	}
	if want := []bool{false, false, true, false}; !slices.Equal(got, want) {
		t.Errorf("planned: %v, want %v", got, want)
	}
}
