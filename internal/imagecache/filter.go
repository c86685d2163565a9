package imagecache

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// filter selects caches; a null argument matches every cache. data "tkeimage_caches" and the list
// resource share it.
type filter struct {
	Names         types.Set
	NameRegex     types.String
	Image         types.String
	Status        types.String
	Type          types.String
	Tags          types.Map
	UnusedForDays types.Int64
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
	now := time.Now()
	caches, err := cloud.List(ctx, tke.Filter{Names: toStrings(f.Names)})
	caches = slices.DeleteFunc(caches, func(cache tke.ImageCache) bool { return !f.matchesCache(&cache, pattern, now) })
	slices.SortStableFunc(caches, tke.NewestFirst)
	return caches, err
}

func (f filter) matchesCache(cache *tke.ImageCache, pattern *regexp.Regexp, now time.Time) bool {
	return pattern.MatchString(cache.Name) &&
		(f.Image.IsNull() || slices.Contains(cache.Images, f.Image.ValueString())) &&
		(f.Status.IsNull() || cache.Status == f.Status.ValueString()) &&
		(f.Type.IsNull() || cache.Type == f.Type.ValueString()) &&
		f.matchesTags(cache) && f.matchesUse(cache, now)
}

// matchesTags reports whether a cache has all of the tags.
func (f filter) matchesTags(cache *tke.ImageCache) bool {
	has := tagValues(cache.Tags)
	for key, value := range toStringMap(f.Tags) {
		if is, tagged := has[key]; !tagged || is != value {
			return false
		}
	}
	return true
}

// matchesUse reports whether no Pod has matched a cache for so many days; one that never was counts
// from its creation.
func (f filter) matchesUse(cache *tke.ImageCache, now time.Time) bool {
	last := cache.LastMatched.Time
	if last.IsZero() {
		last = cache.Created.Time
	}
	unused := time.Duration(f.UnusedForDays.ValueInt64()) * 24 * time.Hour
	return f.UnusedForDays.IsNull() || !last.IsZero() && now.Sub(last) >= unused
}
