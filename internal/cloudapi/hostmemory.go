package cloudapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
)

// strangeAnswers are how many answers that are not the API's one call takes from a host that never
// gave another: the first may be a proxy's.
const strangeAnswers = 2

// hostMemory remembers whether a client's host has ever answered as the API does. From a host that
// has, something else is a fault that passes. One that has not is most likely another service, or
// a login page, and stays that.
type hostMemory struct{ isAPI atomic.Bool }

// recordAnswer remembers what the answer to one try, or its error, says of the host.
func (h *hostMemory) recordAnswer(ctx context.Context, response *http.Response, err error) {
	failed, typed := errors.AsType[*Error](err)
	switch {
	case err == nil && response.StatusCode == http.StatusOK, typed && failed.torn:
		h.isAPI.Store(true)
	case typed && failed.Kind == KindMalformed:
		if state, ok := ctx.Value(callKey{}).(*callState); ok {
			state.strange.Add(1)
		}
	}
}

// isOther reports whether a call has seen enough of a host that is not the API.
func (h *hostMemory) isOther(ctx context.Context) bool {
	state, ok := ctx.Value(callKey{}).(*callState)
	return ok && !h.isAPI.Load() && state.strange.Load() >= strangeAnswers
}

// isTorn reports whether a body is the beginning of an answer of the API.
func isTorn(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte(`{"Response"`))
}
