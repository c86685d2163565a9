package acctest

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// Plan is a plan as `show -json` prints it.
type Plan struct {
	ResourceChanges []ResourceChange `json:"resource_changes"`
	Checks          []Check          `json:"checks"`
}

// ResourceChange is what a plan does to one resource.
type ResourceChange struct {
	Address string
	Change  struct {
		Actions       []string
		Before, After map[string]any
		AfterUnknown  map[string]any `json:"after_unknown"`
	}
}

// Check is what became of a check block, or of the conditions of an object.
type Check struct {
	Address struct {
		Display string `json:"to_display"`
	}
	Status string
}

// Plan makes a plan and reads it.
func (w *Workspace) Plan(tb testing.TB, arguments ...string) *Plan {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "plan")
	w.Must(tb, append([]string{"plan", "-out=" + file}, arguments...)...)
	text, err := w.Command(tb, "show", "-json", file).Output()
	if err != nil {
		tb.Fatal(err)
	}
	plan := &Plan{}
	if err := json.Unmarshal(text, plan); err != nil {
		tb.Fatal(err)
	}
	return plan
}

// Actions returns what the plan does to each resource, by address, leaving out what does nothing.
func (p *Plan) Actions() map[string][]string {
	actions := map[string][]string{}
	for _, change := range p.ResourceChanges {
		if does := change.Change.Actions; does[0] != "no-op" && does[0] != "read" {
			actions[change.Address] = does
		}
	}
	return actions
}

// Change returns what the plan does to one resource, nil if the plan lacks it.
func (p *Plan) Change(address string) *ResourceChange {
	for i := range p.ResourceChanges {
		if p.ResourceChanges[i].Address == address {
			return &p.ResourceChanges[i]
		}
	}
	return nil
}

// Status returns the result of a check or of an object's conditions, empty if the plan lacks this
// address.
func (p *Plan) Status(address string) string {
	for _, check := range p.Checks {
		if check.Address.Display == address {
			return check.Status
		}
	}
	return ""
}
