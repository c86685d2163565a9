package tke

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// lookFor bounds the search for a cache whose create got no clear answer. It runs even when the caller has given up,
	// since a cache that nobody knows costs money for as long as it lives.
	lookFor   = 20 * time.Second
	lookTimes = 5
)

// UncertainError says that a create got no answer that tells whether the service acted, and that looking did not settle it.
type UncertainError struct {
	Name  string
	Found []string // ids of caches of that name that were not there before
	Err   error    // what the create ended with
	Look  error    // what kept us from looking, nil when nothing did
}

func (e *UncertainError) Error() string {
	text := fmt.Sprintf("whether image cache %q was created is not known: %v", e.Name, e.Err)
	if e.Look != nil {
		text += fmt.Sprintf("; it could not be looked for: %v", e.Look)
	}
	return text
}

// Unwrap gives what the create and the look ended with.
func (e *UncertainError) Unwrap() []error {
	if e.Look == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Look}
}

// Create makes a cache and gives its id without waiting for it to be built.
//
// CreateImageCache takes no client token, so a second try could double the cache. When the answer to the first is lost, Create
// looks for a cache of this name that was not there before, and goes on with it. request.Name must not be empty.
func (c *Client) Create(ctx context.Context, request CreateRequest) (id string, err error) {
	before, err := c.idsNamed(ctx, request.Name)
	if err != nil {
		return "", err
	}
	id, err = c.createOnce(ctx, request)
	var failed *Error
	if err == nil || !errors.As(err, &failed) || !failed.MayHaveActed() {
		return id, err
	}
	return c.settle(ctx, request.Name, before, err)
}

// settle finds out whether a create that got no clear answer has acted.
func (c *Client) settle(ctx context.Context, name string, before []string, cause error) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookFor)
	defer cancel()
	uncertain := &UncertainError{Name: name, Err: cause}
	for range lookTimes {
		after, err := c.idsNamed(ctx, name)
		if err != nil {
			uncertain.Look = err
			return "", uncertain
		}
		uncertain.Found = slices.DeleteFunc(after, func(id string) bool { return slices.Contains(before, id) })
		if len(uncertain.Found) == 1 {
			return uncertain.Found[0], nil
		}
		if len(uncertain.Found) > 1 || pauseUntilNext(ctx, c.poll) != nil {
			return "", uncertain
		}
	}
	return "", uncertain
}

func (c *Client) idsNamed(ctx context.Context, name string) ([]string, error) {
	caches, err := c.Namesakes(ctx, name)
	ids := make([]string, 0, len(caches))
	for _, cache := range caches {
		ids = append(ids, cache.ID)
	}
	return ids, err
}
