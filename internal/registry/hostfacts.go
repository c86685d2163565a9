package registry

import (
	"sync"
	"sync/atomic"
)

// hostFacts is what answers have shown about a registry, or the storage that it redirects to.
type hostFacts struct {
	lacksReferrers atomic.Bool // has no referrers API
	servedRanges   atomic.Bool // served several ranges in one answer
	oneRange       oneRange
}

// oneRange is whether a host serves one range per request, as it is known now or was known to an
// earlier run.
type oneRange struct {
	host   string
	store  HostStore // may be nil
	lookUp sync.Once
	known  atomic.Bool
}

func (o *oneRange) isKnown() bool {
	o.lookUp.Do(func() {
		if o.store != nil && o.store.ServesOneRange(o.host) {
			o.known.Store(true)
		}
	})
	return o.known.Load()
}

// remember returns whether this is news.
func (o *oneRange) remember() bool {
	news := !o.known.Swap(true)
	if news && o.store != nil {
		o.store.PutServesOneRange(o.host)
	}
	return news
}
