package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// ignoreTagsModel is `ignore_tags`.
type ignoreTagsModel struct {
	Keys        types.Set `tfsdk:"keys"`
	KeyPrefixes types.Set `tfsdk:"key_prefixes"`
}

// toTagRules converts default_tags and ignore_tags. A default tag that is ignored is an error.
func (m *model) toTagRules(ctx context.Context) (rules clients.TagRules, diags diag.Diagnostics) {
	var ignored ignoreTagsModel
	diags.Append(m.IgnoreTags.As(ctx, &ignored, basetypes.ObjectAsOptions{
		UnhandledNullAsEmpty: true, UnhandledUnknownAsEmpty: true,
	})...)
	rules.IgnoresUnknown = containsUnknown(m.IgnoreTags)
	rules.IgnoreKeys, rules.IgnorePrefixes = knownStrings(ignored.Keys), knownStrings(ignored.KeyPrefixes)
	rules.DefaultsUnknown = containsUnknown(m.DefaultTags)
	if rules.DefaultsUnknown {
		return rules, diags
	}
	diags.Append(m.DefaultTags.ElementsAs(ctx, &rules.Default, false)...)
	for _, key := range slices.Sorted(maps.Keys(rules.Default)) {
		if rules.Ignores(key) {
			diags.Append(tfdiag.IgnoredTag(path.Root("default_tags").AtMapKey(key), key))
		}
	}
	return rules, diags
}

func knownStrings(set types.Set) (known []string) {
	for _, element := range set.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			known = append(known, text.ValueString())
		}
	}
	return known
}
