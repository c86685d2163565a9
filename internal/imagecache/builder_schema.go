package imagecache

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// networkAttributes are where the builder runs. Like those of pullAttributes, the API never returns
// them, and a change of most needs a new cache.
func networkAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"vpc_id":    subnetAttribute("VPC in which the builder runs."),
		"subnet_id": subnetAttribute("Subnet in which the builder runs; it needs a route to the registry."),
		"security_group_ids": schema.SetAttribute{
			MarkdownDescription: "Security groups of the builder. Default: the service's choice. Changed in place.",
			ElementType:         types.StringType,
			Optional:            true,
			Validators:          []validator.Set{noNulls{}},
		},
		"existing_eip_id": schema.StringAttribute{
			MarkdownDescription: "Elastic IP that the builder uses to reach the registry. Conflicts with " +
				"`auto_eip`. A change replaces the cache.",
			Optional:      true,
			PlanModifiers: replaceIfChanged(),
			Validators:    []validator.String{stringvalidator.ConflictsWith(path.MatchRoot("auto_eip"))},
		},
		"auto_eip": autoEIPAttribute(),
	}
}

// subnetAttribute is vpc_id or subnet_id. A new cache needs both, which ModifyPlan checks; the
// schema requires neither, since the configuration that a CLI generates from an import has none.
func subnetAttribute(description string) schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: description + " Required to create a cache, which a plan checks; an imported cache does " +
			"without it. A change replaces the cache, unless the prior value is unknown.",
		Optional: true,
		PlanModifiers: []planmodifier.String{
			stringplanmodifier.RequiresReplaceIf(replaceKnownSubnet, replaceIfKnown, replaceIfKnown),
		},
	}
}

func autoEIPAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Creates an elastic IP for the builder (`auto_eip = {}` takes every default). " +
			"Conflicts with `existing_eip_id`. A change replaces the cache.",
		Optional:   true,
		Attributes: addressAttributes(),
		PlanModifiers: []planmodifier.Object{objectplanmodifier.RequiresReplaceIf(
			replaceKnownObject, replaceIfKnown, replaceIfKnown,
		)},
	}
}

func addressAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"bandwidth_mbps": schema.Int64Attribute{
			MarkdownDescription: "Outgoing bandwidth in Mbps. Default: the service's.",
			Optional:            true,
			Validators:          []validator.Int64{int64validator.AtLeast(1)},
		},
		"isp": schema.StringAttribute{
			MarkdownDescription: "Line: " + tfdiag.QuoteList(internetServiceProviders) +
				". Default: the service's, `BGP`.",
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOf(internetServiceProviders...)},
		},
		"keep": schema.BoolAttribute{
			MarkdownDescription: "Whether the address is kept when the builder is deleted. Default: " +
				"`false`, it is released.",
			Optional: true,
			Computed: true,
			Default:  booldefault.StaticBool(false),
		},
	}
}

// pullAttributes are how the builder reaches registries.
func pullAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"insecure_registries": hostsAttribute("Registry hosts whose certificate the builder does not check. A change " +
			"replaces the cache."),
		"http_registries": hostsAttribute("Registry hosts that the builder pulls from over plain HTTP. A change " +
			"replaces the cache."),
		"resolve_config": schema.StringAttribute{
			MarkdownDescription: "Text of the builder's `resolv.conf`. A change replaces the cache.",
			Optional:            true,
			PlanModifiers:       replaceIfChanged(),
		},
	}
}

func hostsAttribute(description string) schema.Attribute {
	return schema.SetAttribute{
		MarkdownDescription: description,
		ElementType:         types.StringType,
		Optional:            true,
		Validators: []validator.Set{
			noNulls{},
			setvalidator.ValueStringsAre(stringvalidator.RegexMatches(bareHost, hostMessage)),
		},
		PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplaceIf(
			replaceKnownSet, replaceIfKnown, replaceIfKnown,
		)},
	}
}

func replaceIfChanged() []planmodifier.String {
	return []planmodifier.String{
		stringplanmodifier.RequiresReplaceIf(replaceKnownString, replaceIfKnown, replaceIfKnown),
	}
}
