package tke

import (
	"context"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	// mostBadAnswers is how many answers in a row may leave out a cache that exists, or not add up, and change nothing.
	mostBadAnswers = 5
	// absentLooks is how many looks in a row must miss a cache before it counts as gone.
	absentLooks = mostBadAnswers + 2
	// deletedLooks is how many must miss one whose deletion the service has confirmed.
	deletedLooks = 2
)

// Search returns one cache, or nil where it does not exist. One answer that leaves a cache out proves nothing: a cache that is
// missing is looked for again, by id and by its name in turn, between pauses.
func (c *Client) Search(ctx context.Context, id, name string) (*ImageCache, error) {
	cache, err := c.Find(ctx, id)
	if cache != nil || err != nil {
		return cache, err
	}
	return c.findAgain(ctx, id, name)
}

// findAgain looks for a cache that one answer has left out, until it is found or absentLooks looks have missed it. All who look
// pause until the same moments, so that many missing caches share calls.
func (c *Client) findAgain(ctx context.Context, id, name string) (*ImageCache, error) {
	for missed := 1; missed < absentLooks; {
		if pauseUntilNext(ctx, c.poll) != nil {
			return nil, cloudapi.Canceled(ctx, service, ActionDescribe)
		}
		for _, look := range []func() (*ImageCache, error){
			func() (*ImageCache, error) { return c.waiting.find(ctx, id) },
			func() (*ImageCache, error) { return c.findByName(ctx, id, name) },
		} {
			if cache, err := look(); cache != nil || err != nil {
				return cache, err
			}
			missed++
		}
	}
	return nil, nil
}

// findByName looks for a cache among those of its name. A cache without a name is looked for by its id.
func (c *Client) findByName(ctx context.Context, id, name string) (*ImageCache, error) {
	if name == "" {
		return c.Find(ctx, id)
	}
	caches, err := c.Namesakes(ctx, name)
	for i := range caches {
		if caches[i].ID == id {
			return &caches[i], err
		}
	}
	return nil, err
}
