package imagecache

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// Tags are a cache's own (tags), the provider's default ones, and those of others. tags_all is the
// first two together. A cache without either leaves its tags alone, as an account may tag what is
// made in it; otherwise the two are all that it may have, besides what the provider ignores.

// planTags plans the sum of a cache's own tags and the default ones.
func (m *model) planTags(rules *clients.TagRules) {
	if m.Tags.IsUnknown() || rules.DefaultsUnknown {
		m.TagsAll = types.MapUnknown(types.StringType)
		return
	}
	all := m.Tags.Elements() // may hold unknown values
	for key, value := range rules.Default {
		if _, own := all[key]; !own {
			all[key] = types.StringValue(value)
		}
	}
	m.TagsAll = types.MapValueMust(types.StringType, all)
}

// checkTags checks that the provider does not ignore what the configuration sets.
func (m *model) checkTags(rules *clients.TagRules) (diags diag.Diagnostics) {
	for key := range m.Tags.Elements() {
		if rules.Ignores(key) {
			diags.Append(tfdiag.IgnoredTag(path.Root("tags").AtMapKey(key), key))
		}
	}
	return diags
}

// refreshTagsFromAPI sets the tags that the API returns, if the cache has any to manage. Of those
// that the state does not have, the default ones are not the cache's own. Old caches are returned
// without any.
func (m *model) refreshTagsFromAPI(cache *tke.ImageCache, rules *clients.TagRules) {
	known := len(rules.Default) > 0 || !m.Tags.IsNull() || len(m.TagsAll.Elements()) > 0
	switch {
	case !known && !rules.DefaultsUnknown:
		m.TagsAll = toMap(nil)
		return
	case cache.Tags == nil, rules.IgnoresUnknown:
		return
	}
	all := tagValues(cache.Tags)
	maps.DeleteFunc(all, func(key, _ string) bool { return rules.Ignores(key) })
	if !m.Tags.IsNull() {
		m.Tags = toMap(m.ownTags(all, rules))
	}
	m.TagsAll = toMap(all)
}

// ownTags leaves out what comes from the provider's default tags.
func (m *model) ownTags(all map[string]string, rules *clients.TagRules) map[string]string {
	configured, before := m.Tags.Elements(), m.TagsAll.Elements()
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(key, value string) bool {
		if _, isOwn := configured[key]; isOwn {
			return false
		}
		standard, isDefault := rules.Default[key]
		_, wasDefault := before[key]
		return wasDefault || isDefault && standard == value
	})
	return own
}

// importTagsFromAPI takes over the tags of a cache that was created elsewhere.
func (m *model) importTagsFromAPI(cache *tke.ImageCache, rules *clients.TagRules) {
	if len(cache.Tags) > 0 {
		m.Tags, m.TagsAll = toMap(nil), toMap(nil)
	}
	m.refreshTagsFromAPI(cache, rules)
	if len(m.Tags.Elements()) == 0 {
		m.Tags = types.MapNull(types.StringType)
	}
}

// changesTags reports whether an update sends tags: where their sum changes, and where a cache
// begins or ceases to have any of its own.
func changesTags(state, plan *model) bool {
	return !plan.TagsAll.Equal(state.TagsAll) || plan.Tags.IsNull() != state.Tags.IsNull()
}

// keepIgnoredTags adds the ignored tags of a cache to those that an update sends: an update
// replaces all of them.
func keepIgnoredTags(request *tke.UpdateRequest, cache *tke.ImageCache, rules *clients.TagRules) {
	for _, tag := range cache.Tags {
		if rules.Ignores(tag.Key) {
			*request.Tags = append(*request.Tags, tag)
		}
	}
}
