package registry

import (
	"context"
	"sync"
	"sync/atomic"
)

// hostFacts is what answers have shown about a registry, or the storage that it redirects to.
type hostFacts struct {
	lacksReferrers keptFact
	servedRanges   atomic.Bool // served several ranges in one answer, in this run
	severalRanges  keptFact
	oneRange       keptFact
	trial          chan struct{} // has one value while a request shows which of both it is
}

// newHostFacts begins with what the store has of a host. The store may be nil.
func newHostFacts(host string, store HostStore) *hostFacts {
	return &hostFacts{
		lacksReferrers: keptFact{fact: NoReferrers, host: host, store: store},
		severalRanges:  keptFact{fact: SeveralRanges, host: host, store: store},
		oneRange:       keptFact{fact: OneRange, host: host, store: store},
		trial:          make(chan struct{}, 1),
	}
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
func (f *hostFacts) knowsRanges() bool {
	return f.servedRanges.Load() || f.oneRange.isKnown() || f.severalRanges.isKnown()
}

// rememberSeveralRanges notes that the host has served several ranges in one answer.
func (f *hostFacts) rememberSeveralRanges() {
	f.servedRanges.Store(true)
	f.severalRanges.remember()
}

// keptFact is whether a fact of a host is known, from this run or from an earlier one.
type keptFact struct {
	fact   HostFact
	host   string
	store  HostStore // may be nil
	lookUp sync.Once
	known  atomic.Bool
}

func (f *keptFact) isKnown() bool {
	f.lookUp.Do(func() {
		if f.store != nil && f.store.HasFact(f.host, f.fact) {
			f.known.Store(true)
		}
	})
	return f.known.Load()
}

// remember returns whether this is news.
func (f *keptFact) remember() bool {
	if f.isKnown() || f.known.Swap(true) {
		return false
	}
	if f.store != nil {
		f.store.PutFact(f.host, f.fact)
	}
	return true
}
