package imagecache

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TestWhatCannotBeReadIsNotLeftOut: credentials that were silently left out would make a cache that
// cannot be built, and an update without them would clear all.
func TestWhatCannotBeReadIsNotLeftOut(t *testing.T) {
	t.Parallel()
	login := map[string]attr.Type{
		"username":            types.StringType,
		"password_wo":         types.StringType,
		"password_wo_version": types.Int64Type,
		"name":                types.StringType,
	}
	odd := &model{
		RegistryCredentials: types.MapValueMust(
			types.ObjectType{AttrTypes: login}, map[string]attr.Value{"r.example.com": types.ObjectNull(login)},
		),
	}
	if _, diags := odd.toCreateRequest(t.Context(), odd); !diags.HasError() {
		t.Error("a creation leaves credentials out")
	}
	if request, diags := odd.toUpdateRequest(t.Context(), &model{}, odd); !diags.HasError() {
		t.Errorf("an update sends %+v", request.Credentials)
	}
	eip := &model{
		RegistryCredentials: types.MapNull(types.ObjectType{AttrTypes: login}),
		AutoEip: types.ObjectValueMust(
			map[string]attr.Type{"isp": types.StringType}, map[string]attr.Value{"isp": types.StringValue("BGP")},
		),
	}
	if request, diags := eip.toCreateRequest(t.Context(), eip); !diags.HasError() {
		t.Errorf("a creation asks for %+v", request.AutoEip)
	}
}
