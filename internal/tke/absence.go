package tke

import (
	"context"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	// maxBadAnswers is how many answers in a row may leave out a cache that exists, or not add up,
	// and change nothing.
	maxBadAnswers = 5
	// absentReads is how many reads in a row must miss a cache before it counts as gone.
	absentReads = maxBadAnswers + 2
	// deletedReads is how many must miss one whose deletion the service has confirmed.
	deletedReads = 2
)

// confirmAbsence searches for a cache that one answer has left out, until it is found or
// absentReads reads have missed it. All callers pause until the same ticks, so that many missing
// caches share calls.
func (c *Client) confirmAbsence(ctx context.Context, id, name string) (*ImageCache, error) {
	for missed := 1; missed < absentReads; {
		if waitForTick(ctx, c.poll) != nil {
			return nil, cloudapi.NewCanceledError(ctx, service, ActionDescribe)
		}
		for _, look := range []func() (*ImageCache, error){
			func() (*ImageCache, error) { return c.pollByID.loadCache(ctx, id) },
			func() (*ImageCache, error) { return c.getByName(ctx, id, name) },
		} {
			if cache, err := look(); cache != nil || err != nil {
				return cache, err
			}
			missed++
		}
	}
	return nil, nil
}

// getByName returns a cache from the list of its name. A cache without a name is read by its id.
func (c *Client) getByName(ctx context.Context, id, name string) (*ImageCache, error) {
	if name == "" {
		return c.byID.loadCache(ctx, id)
	}
	caches, err := c.byName.loadCaches(ctx, name)
	for i := range caches {
		if caches[i].ID == id {
			return &caches[i], err
		}
	}
	return nil, err
}
