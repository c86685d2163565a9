package registry

import (
	"context"
	"sync"
	"sync/atomic"
)

// hostFacts is what answers have shown about a registry, or the storage that it redirects to.
type hostFacts struct {
	lacksReferrers atomic.Bool // has no referrers API
	servedRanges   atomic.Bool // served several ranges in one answer
	oneRange       oneRange
	trial          chan struct{} // has one value while a request shows which of both it is
}

// beginTrial returns at once where it is known whether the host serves several ranges. Else the
// caller's request shows it, and the end has to be called; others wait for that, since a host that
// answers with whole blobs would send as many as it is asked for.
func (f *hostFacts) beginTrial(ctx context.Context) (end func(), err error) {
	if f.knowsRanges() {
		return func() {}, nil
	}
	select {
	case f.trial <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	end = func() { <-f.trial }
	if f.knowsRanges() { // by the request that was waited for
		end()
		return func() {}, nil
	}
	return end, nil
}

// knowsRanges reports whether it is known that the host serves several ranges per request, or one.
func (f *hostFacts) knowsRanges() bool { return f.servedRanges.Load() || f.oneRange.isKnown() }

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
