package measure

import (
	"encoding/json"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// HostFacts keeps what the registry client learns of hosts (registry.HostStore). A fact counts for
// a day, since a host may be replaced or reconfigured.
type HostFacts struct{ Store *store.Store }

const hostFactLife = 24 * time.Hour

type hostFact struct{ At time.Time }

func factKey(host string, fact registry.HostFact) string { return string(fact) + ": " + host }

// HasFact returns whether the fact was seen of the host within the last day.
func (h HostFacts) HasFact(host string, fact registry.HostFact) bool {
	var kept hostFact
	content, found := h.Store.Get(factKey(host, fact))
	return found && json.Unmarshal(content, &kept) == nil && time.Since(kept.At).Abs() < hostFactLife
}

// PutFact keeps that the fact was seen of the host.
func (h HostFacts) PutFact(host string, fact registry.HostFact) {
	if content, err := json.Marshal(hostFact{time.Now().UTC()}); err == nil {
		h.Store.Put(factKey(host, fact), content)
	}
}
