package tke

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/graph-gophers/dataloader/v7"
)

const (
	// batchWait is how long the first reader waits for others before one DescribeImageCaches call
	// answers them all.
	batchWait = 10 * time.Millisecond
	// pollBatchDivisor is the part of the poll interval for which those are gathered who follow a
	// build: they are in no hurry, and on a busy machine it takes a while until all of them have
	// woken up.
	pollBatchDivisor = 30
)

// idLoader answers reads of single caches that come at about the same time with shared
// DescribeImageCaches calls. It keeps nothing: a read that begins after a write has returned is
// answered by a call that began after it too.
type idLoader struct {
	loader *dataloader.Loader[string, *ImageCache]
}

func newIDLoader(client *Client, gather time.Duration) *idLoader {
	batch := func(ctx context.Context, ids []string) []*dataloader.Result[*ImageCache] {
		// The batch belongs to all who wait for it, so it must not end with the first one's
		// context.
		client.listings.calls.Add(1)
		found, err := client.findByIDs(context.WithoutCancel(ctx), sortUnique(ids))
		results := make([]*dataloader.Result[*ImageCache], len(ids))
		for i, id := range ids {
			if results[i] = found[id]; err != nil {
				results[i] = &dataloader.Result[*ImageCache]{Error: err}
			}
		}
		return results
	}
	return &idLoader{loader: dataloader.NewBatchedLoader(batch,
		dataloader.WithCache(&dataloader.NoCache[string, *ImageCache]{}),
		dataloader.WithBatchCapacity[string, *ImageCache](pageSize),
		dataloader.WithWait[string, *ImageCache](gather),
	)}
}

// sortUnique returns the sorted ids without duplicates: several callers may read the same cache,
// and whether the service accepts duplicates is unconfirmed.
func sortUnique(asked []string) []string { return slices.Compact(slices.Sorted(slices.Values(asked))) }

// loadCache returns one cache, or nil if one answer of the service does not list it.
func (r *idLoader) loadCache(ctx context.Context, id string) (*ImageCache, error) {
	return awaitResult(ctx, r.loader.Load(ctx, id))
}

// findByIDs reads at most pageSize caches by id. Whether an unknown id among known ones is left out
// or makes the whole call answer ResourceNotFound is unconfirmed: in the second case the ids are
// read in halves, so that one lost cache does not hide the others. The same is done where the list
// contradicts itself about one cache.
func (c *Client) findByIDs(ctx context.Context, ids []string) (map[string]*dataloader.Result[*ImageCache], error) {
	caches, err := c.describeCaches(ctx, describeRequest{IDs: ids})
	inconsistent := isInconsistent(err)
	if len(ids) > 1 && (inconsistent || isNotFound(err)) {
		found, err := c.findByIDs(ctx, ids[:len(ids)/2])
		if err != nil {
			return nil, err
		}
		rest, err := c.findByIDs(ctx, ids[len(ids)/2:])
		maps.Copy(found, rest)
		return found, err
	}
	if err != nil && !inconsistent && !isNotFound(err) {
		return nil, err
	}
	found := make(map[string]*dataloader.Result[*ImageCache], len(ids))
	for _, id := range ids {
		found[id] = &dataloader.Result[*ImageCache]{}
		if inconsistent {
			found[id].Error = err
		}
	}
	for i := range caches {
		found[caches[i].ID] = &dataloader.Result[*ImageCache]{Data: &caches[i]}
	}
	return found, nil
}

func isInconsistent(err error) bool {
	_, is := errors.AsType[*InconsistentError](err)
	return is
}
