package imagecache

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// An interrupt ends a wait, and the service goes on building. What Terraform stores then is a cache
// in one of the two statuses of a build, without an error: an error would taint a new cache, and
// the next apply would throw its build away. ModifyPlan plans the wait, and Update continues it.

// interruptedWait returns the wait that the CLI's stop has ended; nil when it ended otherwise, such
// as by its timeout, which is an error.
func interruptedWait(ctx context.Context, err error) *tke.WaitError {
	wait, ok := errors.AsType[*tke.WaitError](err)
	if !ok || !errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return wait
}

// interruptedUpdate returns the wait that the CLI's stop has ended in the middle of an update, if
// the plan has room for a cache that is still being built. It returns nil where the stop came
// before the request was sent: what the plan changes is then not under way.
func (m *model) interruptedUpdate(ctx context.Context, err error, request tke.UpdateRequest) *tke.WaitError {
	wait := interruptedWait(ctx, err)
	if wait == nil || !m.Status.IsUnknown() {
		return nil
	}
	if wait.For != tke.Updated && !isEmptyUpdate(request) {
		return nil
	}
	return wait
}

// isBuilding reports whether the service works on a cache with this status.
func isBuilding(status types.String) bool {
	return status.ValueString() == tke.StatusPending || status.ValueString() == tke.StatusUpdating
}

// buildStatus is the status of a cache after an interrupted wait. An update that was sent begins
// some time after its answer, so what was seen last may be from before it.
func (m *model) buildStatus(wait *tke.WaitError) string {
	switch {
	case wait.For == tke.Updated:
		return tke.StatusUpdating
	case wait.Last != nil:
		return wait.Last.Status
	}
	return m.Status.ValueString()
}

// updateTimeout is how long an update may take. The wait for a first build that was interrupted has
// the time of a create.
func (m *model) updateTimeout(ctx context.Context, state *model) (time.Duration, diag.Diagnostics) {
	if state.Status.ValueString() == tke.StatusPending {
		return m.Timeouts.Create(ctx, createTimeout)
	}
	return m.Timeouts.Update(ctx, updateTimeout)
}

// asBuilding returns the state of a new cache when nothing but its id is known.
func (m *model) asBuilding(id string) *model {
	begun := *m
	begun.setBuilding(id, tke.StatusPending, nil)
	return &begun
}

// setBuilding sets the state of a cache that the service works on: the planned values, and for
// unknown ones what was seen last, if anything was.
func (m *model) setBuilding(id, status string, last *tke.ImageCache) {
	m.ID = types.StringValue(id)
	m.Status = types.StringValue(status)
	m.PodAnnotations = toMap(annotations.PinTo(id))
	if last != nil {
		m.setComputedFromAPI(last)
	}
	for _, computed := range []*types.String{
		&m.Type, &m.SnapshotID, &m.Snapshotter, &m.CreatedAt, &m.ExpiresAt,
	} {
		setIfUnknown(computed, types.StringNull())
	}
}

// planWait plans the wait for a build that is under way. Whatever the state lacks comes of it.
func (m *model) planWait() {
	m.Status = types.StringUnknown()
	m.SnapshotID = types.StringUnknown()
	for _, computed := range []*types.String{&m.Type, &m.Snapshotter, &m.CreatedAt} {
		if computed.IsNull() {
			*computed = types.StringUnknown()
		}
	}
	if !m.RetentionDays.Equal(types.Int64Value(0)) {
		m.ExpiresAt = types.StringUnknown()
	}
}
