package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// fleetAttributes are what holds for all caches.
func fleetAttributes() map[string]schema.Attribute {
	texts := func(description string) schema.Attribute {
		return schema.SetAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: description,
			Validators: []validator.Set{
				setvalidator.NoNullValues(), setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
			},
		}
	}
	return map[string]schema.Attribute{
		"default_tags": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Tags of every cache that this provider creates or updates. A tag of the same key in " +
				"a cache's own `tags` wins. The resource shows the sum as `tags_all`.",
			Validators: []validator.Map{
				mapvalidator.NoNullValues(), mapvalidator.KeysAre(stringvalidator.LengthAtLeast(1)),
			},
		},
		"max_parallel_updates": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "The most caches that one run updates at once, where an update pulls images or sends " +
				"credentials: Pods cannot use a cache meanwhile. All others wait. Default: as many as Terraform's " +
				"`-parallelism`.",
			Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"ignore_tags": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "Tags that others put on caches. They are neither shown as a difference nor removed " +
				"by an update.",
			Attributes: map[string]schema.Attribute{
				"keys":         texts("Keys of ignored tags."),
				"key_prefixes": texts("Prefixes of the keys of ignored tags."),
			},
		},
	}
}

// ignoreTagsModel is `ignore_tags`.
type ignoreTagsModel struct {
	Keys        types.Set `tfsdk:"keys"`
	KeyPrefixes types.Set `tfsdk:"key_prefixes"`
}

// tagRules converts default_tags and ignore_tags. A default tag that is ignored is an error.
func (m *model) tagRules(ctx context.Context) (rules clients.TagRules, diags diag.Diagnostics) {
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
