package clients

import "context"

// Slots bound how many updates run at once. The zero value has no bound.
type Slots struct{ taken chan struct{} }

// NewSlots makes slots for so many; none or fewer means without a bound.
func NewSlots(most int64) Slots {
	if most <= 0 {
		return Slots{}
	}
	return Slots{make(chan struct{}, most)}
}

// Take waits for a slot or the end of the context. The slot is free again after a call of release.
func (s Slots) Take(ctx context.Context) (release func(), err error) {
	if s.taken == nil {
		return func() {}, nil
	}
	select {
	case s.taken <- struct{}{}:
		return func() { <-s.taken }, nil
	case <-ctx.Done():
		return func() {}, context.Cause(ctx)
	}
}
