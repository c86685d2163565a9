package tke

import (
	"context"
	"slices"
)

// GetOption changes how Get answers. Without options Get sends or shares one DescribeImageCaches
// call.
type GetOption func(*getOptions)

type getOptions struct {
	confirmAbsence bool
	name           string // of the cache, for ConfirmAbsence
	fromListing    bool
}

// ConfirmAbsence makes Get return nil only after several reads have missed the cache, by id and by
// name in turn, with pauses between them: a single answer that leaves a cache out proves nothing.
func ConfirmAbsence(name string) GetOption {
	return func(o *getOptions) { o.confirmAbsence, o.name = true, name }
}

// FromListing lets Get answer from the listing of the whole region that a burst of reads begins.
// The answer may be half a minute old, but is never older than the last write of this client. To
// follow a cache that changes, leave it out.
func FromListing() GetOption {
	return func(o *getOptions) { o.fromListing = true }
}

// Get returns one cache, or nil if the service does not list it. Calls at about the same time share
// requests.
func (c *Client) Get(ctx context.Context, id string, opts ...GetOption) (*ImageCache, error) {
	var o getOptions
	for _, set := range opts {
		set(&o)
	}
	if o.fromListing {
		if cache, err := c.getFromListing(ctx, id); cache != nil || err != nil {
			return cache, err
		}
	}
	cache, err := c.byID.loadCache(ctx, id)
	if cache != nil || err != nil || !o.confirmAbsence {
		return cache, err
	}
	return c.confirmAbsence(ctx, id, o.name)
}

// Filter selects caches by id or by name. The zero Filter selects every cache of the region.
type Filter struct{ IDs, Names []string }

// List returns the caches that a filter selects, in the service's order. Calls for one name at
// about the same time share requests. Names may repeat: as far as is known, the service does not
// keep them unique.
func (c *Client) List(ctx context.Context, filter Filter) ([]ImageCache, error) {
	switch {
	case len(filter.IDs) > 0:
		return c.listByIDs(ctx, filter.IDs)
	case len(filter.Names) == 1:
		return c.byName.loadCaches(ctx, filter.Names[0])
	}
	return c.listByNames(ctx, filter.Names...)
}

// listByIDs returns those of several caches that the service lists.
func (c *Client) listByIDs(ctx context.Context, ids []string) (found []ImageCache, err error) {
	for chunk := range slices.Chunk(sortUnique(ids), pageSize) {
		results, err := c.findByIDs(ctx, chunk)
		for _, id := range chunk {
			switch result := results[id]; {
			case err != nil:
				return nil, err
			case result.Error != nil:
				return nil, result.Error
			case result.Data != nil:
				found = append(found, *result.Data)
			}
		}
	}
	return found, nil
}
