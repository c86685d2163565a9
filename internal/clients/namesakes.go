package clients

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// PlannedNames keep what plans have learned of caches with the name of one that they create, for
// the process that applies the plan: it reads no state, and Terraform before 1.16 and OpenTofu hand
// it no private data of the plan. A nil Store keeps nothing.
type PlannedNames struct{ Store *store.Store }

// plannedNameLife is how long a plan's knowledge counts: a plan is applied on the same day.
const plannedNameLife = 24 * time.Hour

// plannedName is the entry of a name: the caches of that name that a plan has met in a state.
type plannedName struct {
	At  time.Time
	IDs []string
}

func plannedNameKey(region, name string) string {
	return fmt.Sprintf("planned name: %s %q", region, name)
}

// Known returns the caches of a name that a plan of the last day has met in a state.
func (p PlannedNames) Known(region, name string) []string {
	var entry plannedName
	content, found := p.Store.Get(plannedNameKey(region, name))
	if !found || json.Unmarshal(content, &entry) != nil || time.Since(entry.At).Abs() >= plannedNameLife {
		return nil
	}
	return entry.IDs
}

// Put keeps the caches of a name that this plan has met in a state.
func (p PlannedNames) Put(region, name string, ids []string) {
	if content, err := json.Marshal(plannedName{time.Now().UTC(), ids}); err == nil {
		p.Store.Put(plannedNameKey(region, name), content)
	}
}
