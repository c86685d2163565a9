package imagecache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// adoptCreated returns the id of the cache that a create has made whose response was lost, if that
// is certain: the name was generated for this request, exactly one cache has it, and that cache
// matches the request. Otherwise it returns the error, with the caches that were found.
func (r *Resource) adoptCreated(request tke.CreateRequest, err error) (id string, _ error) {
	uncertain, ok := errors.AsType[*tke.UncertainError](err)
	if !ok {
		return "", err
	}
	uncertain.Found = slices.DeleteFunc(
		uncertain.Found, func(cache tke.ImageCache) bool { return r.clients.Seen.Has(cache.ID) },
	)
	if !request.NameIsGenerated || len(uncertain.Found) != 1 {
		return "", err
	}
	if uncertain.Differences = listDifferences(&uncertain.Found[0], request); len(uncertain.Differences) > 0 {
		return "", err
	}
	return uncertain.Found[0].ID, nil
}

// listDifferences lists how a cache differs from a request, as far as the service returns it.
// Additional tags are not a difference: the account may add them.
func listDifferences(cache *tke.ImageCache, request tke.CreateRequest) (differ []string) {
	note := func(attribute string, is, asked any) {
		differ = append(differ, fmt.Sprintf("%s is %v; requested: %v", attribute, is, asked))
	}
	if !sameImages(cache.Images, request.Images) {
		note("images", strings.Join(cache.Images, ", "), strings.Join(request.Images, ", "))
	}
	if cache.SizeGiB != request.SizeGiB {
		note("size_gib", cache.SizeGiB, request.SizeGiB)
	}
	if cache.RetentionDays != nil && *cache.RetentionDays != request.RetentionDays {
		note("retention_days", *cache.RetentionDays, request.RetentionDays)
	}
	if cache.Tags == nil { // an old form of the answer
		return differ
	}
	is, asked := tagValues(cache.Tags), tagValues(request.Tags)
	for _, key := range slices.Sorted(maps.Keys(asked)) {
		if value, has := is[key]; !has || value != asked[key] {
			note(fmt.Sprintf("tags[%q]", key), fmt.Sprintf("%q", value), fmt.Sprintf("%q", asked[key]))
		}
	}
	return differ
}

func tagValues(tags []tke.Tag) map[string]string {
	values := make(map[string]string, len(tags))
	for _, tag := range tags {
		values[tag.Key] = tag.Value
	}
	return values
}

// checkDropped returns an error if a cache that this plan's refresh has dropped is listed again:
// the plan would create a second cache beside it. The first plan reads each dropped cache once
// more.
func (r *Resource) checkDropped(ctx context.Context) (diags diag.Diagnostics) {
	dropped := r.clients.Seen.TakeDropped()
	cloud, err := r.clients.TKE()
	if len(dropped) == 0 || err != nil {
		return nil // an error has been reported
	}
	found, err := cloud.List(ctx, tke.Filter{IDs: dropped})
	if err != nil {
		diags.Append(tfdiag.CloudError("look once more for image caches that are gone", err, r.clients))
		return diags
	}
	for i := range found {
		diags.Append(tfdiag.ReappearedCache(&found[i]))
	}
	return diags
}
