package imagecache

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

const replaceIfKnown = "A change replaces the cache, unless the prior value is unknown."

// isBuilderUnknown reports whether a state lacks where the builder ran. Creating records it, so
// such a cache was imported: the API does not return it, and null then means unknown rather than
// omitted.
func isBuilderUnknown(ctx context.Context, state tfsdk.State) bool {
	var vpc, subnet types.String
	diags := state.GetAttribute(ctx, path.Root("vpc_id"), &vpc)
	diags.Append(state.GetAttribute(ctx, path.Root("subnet_id"), &subnet)...)
	return !diags.HasError() && (vpc.IsNull() || subnet.IsNull())
}

// replaceKnownSubnet serves vpc_id and subnet_id, which are null only where they are unknown.
func replaceKnownSubnet(
	_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse,
) {
	resp.RequiresReplace = !req.StateValue.IsNull()
}

func replaceKnownString(
	ctx context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse,
) {
	resp.RequiresReplace = !req.StateValue.IsNull() || !isBuilderUnknown(ctx, req.State)
}

func replaceKnownSet(
	ctx context.Context, req planmodifier.SetRequest, resp *setplanmodifier.RequiresReplaceIfFuncResponse,
) {
	resp.RequiresReplace = !req.StateValue.IsNull() || !isBuilderUnknown(ctx, req.State)
}

func replaceKnownObject(
	ctx context.Context, req planmodifier.ObjectRequest, resp *objectplanmodifier.RequiresReplaceIfFuncResponse,
) {
	resp.RequiresReplace = !req.StateValue.IsNull() || !isBuilderUnknown(ctx, req.State)
}

// checkSubnet returns an error for each of vpc_id and subnet_id that a plan to create a cache
// lacks. Terraform plans a replacement a second time, as a creation, so that replacements are
// checked too.
func (m *model) checkSubnet() diag.Diagnostics {
	var diags diag.Diagnostics
	for _, required := range []struct {
		name  string
		value types.String
	}{{"vpc_id", m.VpcID}, {"subnet_id", m.SubnetID}} {
		if required.value.IsNull() {
			diags.Append(tfdiag.SubnetRequired(required.name))
		}
	}
	return diags
}

// recordsBuilder reports whether a plan takes a value into the state that the API does not return.
func recordsBuilder(state, plan *model) bool {
	for _, pair := range [][2]interface{ IsNull() bool }{
		{state.VpcID, plan.VpcID}, {state.SubnetID, plan.SubnetID}, {state.SecurityGroupIDs, plan.SecurityGroupIDs},
		{state.ExistingEipID, plan.ExistingEipID}, {state.AutoEip, plan.AutoEip},
		{state.InsecureRegistries, plan.InsecureRegistries}, {state.HTTPRegistries, plan.HTTPRegistries},
		{state.ResolveConfig, plan.ResolveConfig},
	} {
		if pair[0].IsNull() && !pair[1].IsNull() {
			return true
		}
	}
	return false
}
