package tke

import (
	"context"
	"slices"

	"github.com/graph-gophers/dataloader/v7"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// nameLoader answers reads by name that arrive at about the same time with shared
// DescribeImageCaches calls: a plan of fifty new caches makes fifty such reads. Like idLoader it
// stores nothing.
type nameLoader struct {
	loader *dataloader.Loader[string, []ImageCache]
}

func newNameLoader(client *Client) *nameLoader {
	batch := func(ctx context.Context, names []string) []*dataloader.Result[[]ImageCache] {
		// The batch belongs to all who wait for it, so it must not end with the first one's
		// context.
		ctx = context.WithoutCancel(ctx)
		found, err := client.listByNames(ctx, sortUnique(names)...)
		results := make([]*dataloader.Result[[]ImageCache], len(names))
		for i, name := range names {
			results[i] = &dataloader.Result[[]ImageCache]{Error: err, Data: slices.DeleteFunc(slices.Clone(found),
				func(cache ImageCache) bool { return cache.Name != name })}
			if isInconsistent(err) && len(names) > 1 { // about one of the names
				results[i].Data, results[i].Error = client.listByNames(ctx, name)
			}
		}
		return results
	}
	return &nameLoader{loader: dataloader.NewBatchedLoader(batch,
		dataloader.WithCache(&dataloader.NoCache[string, []ImageCache]{}),
		dataloader.WithBatchCapacity[string, []ImageCache](pageSize),
		dataloader.WithWait[string, []ImageCache](batchWait),
	)}
}

// loadCaches returns the caches of one name, which must not be empty.
func (n *nameLoader) loadCaches(ctx context.Context, name string) ([]ImageCache, error) {
	return awaitResult(ctx, n.loader.Load(ctx, name))
}

// awaitResult returns the result of a shared call, or an error as soon as the context ends; the
// call continues for its other callers.
func awaitResult[T any](ctx context.Context, thunk dataloader.Thunk[T]) (T, error) {
	type result struct {
		value T
		err   error
	}
	answered := make(chan result, 1)
	go func() {
		value, err := thunk()
		answered <- result{value, err}
	}()
	select {
	case r := <-answered:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, cloudapi.NewCanceledError(ctx, service, ActionDescribe)
	}
}
