package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
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
			MarkdownDescription: "Tags of every cache that this provider creates or updates. A tag of the same key " +
				"in a cache's own `tags` wins. The resource shows the sum as `tags_all`.",
			Validators: []validator.Map{
				mapvalidator.NoNullValues(), mapvalidator.KeysAre(stringvalidator.LengthAtLeast(1)),
			},
		},
		"max_parallel_updates": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "The most caches that one run updates at once, where an update pulls images or " +
				"sends credentials: Pods cannot use a cache meanwhile. All others wait. Default: as many as " +
				"Terraform's `-parallelism`.",
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
