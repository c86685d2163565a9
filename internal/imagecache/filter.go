package imagecache

import (
	"context"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// filter selects caches; a null argument matches every cache. data "tkeimage_caches" and the list
// resource share it.
type filter struct {
	Names     types.Set
	NameRegex types.String
	Image     types.String
	Status    types.String
	Type      types.String
}

// listCaches returns the caches that match, the newest first: the service's order is not
// documented.
func (f filter) listCaches(ctx context.Context, from *clients.Clients) ([]tke.ImageCache, error) {
	cloud, err := from.TKE()
	if err != nil {
		return nil, err
	}
	pattern, err := regexp.Compile(f.NameRegex.ValueString())
	if err != nil {
		return nil, err
	}
	caches, err := cloud.List(ctx, tke.Filter{Names: toStrings(f.Names)})
	caches = slices.DeleteFunc(caches, func(cache tke.ImageCache) bool { return !f.matchesCache(&cache, pattern) })
	slices.SortStableFunc(caches, tke.NewestFirst)
	return caches, err
}

func (f filter) matchesCache(cache *tke.ImageCache, pattern *regexp.Regexp) bool {
	return pattern.MatchString(cache.Name) &&
		(f.Image.IsNull() || slices.Contains(cache.Images, f.Image.ValueString())) &&
		(f.Status.IsNull() || cache.Status == f.Status.ValueString()) &&
		(f.Type.IsNull() || cache.Type == f.Type.ValueString())
}
