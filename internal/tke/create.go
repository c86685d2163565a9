package tke

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	// searchTimeout bounds the search for a cache whose create got no clear answer. It runs even
	// when the caller has stopped waiting, since a cache that no state holds costs money for as
	// long as it lives.
	searchTimeout  = 40 * time.Second
	searchAttempts = absentReads
)

// UncertainError reports that a create got no answer that shows whether the service acted.
type UncertainError struct {
	Name      string
	Found     []ImageCache // caches of that name that were not listed before, in the order in which they appeared
	Err       error        // what the create ended with
	SearchErr error        // what ended the search, nil when nothing did

	// how the one cache that has the request's own name differs from what was asked; set by the
	// caller
	Differences []string
}

func (e *UncertainError) Error() string {
	text := fmt.Sprintf("whether image cache %q was created is not known: %v", e.Name, e.Err)
	if e.SearchErr != nil {
		text += fmt.Sprintf("; it could not be looked for: %v", e.SearchErr)
	}
	return text
}

// Unwrap returns the errors of the create and of the search.
func (e *UncertainError) Unwrap() []error {
	if e.SearchErr == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.SearchErr}
}

// Create creates a cache and returns its id without waiting for the build. request.Name must not be
// empty.
//
// CreateImageCache takes no client token, so a second try could create a second cache, and no cache
// that is found afterwards shows which request created it. When the response is lost, Create does
// not send the request again: it returns an *UncertainError with the caches of this name that were
// not listed before. Only a name that was generated for this request (NameIsGenerated) identifies
// its cache.
func (c *Client) Create(ctx context.Context, request CreateRequest) (id string, err error) {
	before, err := c.byName.loadCaches(ctx, request.Name)
	if err != nil {
		return "", err
	}
	id, err = c.createOnce(ctx, request)
	if err == nil && containsID(before, id) {
		err = &cloudapi.Error{
			Action:  ActionCreate,
			Kind:    cloudapi.KindMalformed,
			Message: "the answer holds the id of a cache that was there before: " + id,
		}
	}
	if failed, ok := errors.AsType[*cloudapi.Error](err); !ok || !failed.MayHaveActed() {
		return id, err
	}
	uncertain := &UncertainError{Name: request.Name, Err: err}
	uncertain.Found, uncertain.SearchErr = c.findNewCaches(ctx, request, before)
	return "", uncertain
}

// findNewCaches returns the caches of a request's name that were not listed before it. It continues
// after it has found some, since others may come from another run and the request's own may appear
// late; unless the name is generated.
func (c *Client) findNewCaches(
	ctx context.Context, request CreateRequest, before []ImageCache,
) (found []ImageCache, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), searchTimeout)
	defer cancel()
	for range searchAttempts {
		after, err := c.byName.loadCaches(ctx, request.Name)
		if err != nil {
			return found, err
		}
		for _, cache := range after {
			if !containsID(before, cache.ID) && !containsID(found, cache.ID) {
				found = append(found, cache)
			}
		}
		if request.NameIsGenerated && len(found) > 0 || waitForTick(ctx, c.poll) != nil {
			break
		}
	}
	return found, nil
}

func containsID(caches []ImageCache, id string) bool {
	return slices.ContainsFunc(caches, func(cache ImageCache) bool { return cache.ID == id })
}
