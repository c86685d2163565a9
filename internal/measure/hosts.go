package measure

import (
	"encoding/json"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// HostFacts keeps what the registry client learns of hosts (registry.HostStore). A fact counts for
// a day, since a host may be replaced or reconfigured.
type HostFacts struct{ Store *store.Store }

const hostFactLife = 24 * time.Hour

type hostFact struct{ At time.Time }

func oneRangeKey(host string) string { return "one range per request: " + host }

// ServesOneRange returns whether the host was seen within the last day to serve one range per
// request.
func (h HostFacts) ServesOneRange(host string) bool {
	var fact hostFact
	content, found := h.Store.Get(oneRangeKey(host))
	return found && json.Unmarshal(content, &fact) == nil && time.Since(fact.At).Abs() < hostFactLife
}

// PutServesOneRange keeps that the host was seen to serve one range per request.
func (h HostFacts) PutServesOneRange(host string) {
	if content, err := json.Marshal(hostFact{time.Now().UTC()}); err == nil {
		h.Store.Put(oneRangeKey(host), content)
	}
}
