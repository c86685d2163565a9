package imagecache

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// cloudAppType is the resource that Cloud App documents.
const cloudAppType = "tencentcloud_tke_image_cache"

// cloudAppState is what its state has in common with ours. Passwords, which it holds openly, are
// left behind.
type cloudAppState struct {
	ID            string   `json:"id"`
	Images        []string `json:"images"`
	VpcID         *string  `json:"vpc_id"`
	SubnetID      *string  `json:"subnet_id"`
	SizeGiB       *int64   `json:"image_cache_size"`
	RetentionDays *int64   `json:"retention_days"`
	Credentials   []struct {
		Server   string  `json:"server"`
		Username *string `json:"username"`
		Name     *string `json:"name"`
	} `json:"image_registry_credentials"`
}

// MoveState serves `moved` blocks, which Terraform has from 1.8 on for other types of resource. One
// mover takes every type: where none does, the framework's error is for developers.
func (r *Resource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveFromCloudApp}}
}

// moveFromCloudApp has no region to go by: the CLI moves with a provider that is not configured.
// The next read finds the cache, and whatever else the API returns.
func moveFromCloudApp(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != cloudAppType {
		resp.Diagnostics.Append(tfdiag.CannotMove(req.SourceTypeName, cloudAppType))
		return
	}
	var source cloudAppState
	if err := json.Unmarshal(req.SourceRawState.JSON, &source); err != nil || !strings.HasPrefix(source.ID, "imc-") {
		resp.Diagnostics.Append(tfdiag.CannotMoveState(req.SourceTypeName, source.ID))
		return
	}
	// Setting one attribute makes every other one a null of its own type.
	resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("id"), source.ID)...)
	credentials := map[string]credentialModel{}
	for _, credential := range source.Credentials {
		credentials[credential.Server] = credentialModel{
			Username: types.StringPointerValue(credential.Username), Name: types.StringPointerValue(credential.Name),
		}
	}
	if len(credentials) > 0 {
		resp.Diagnostics.Append(
			resp.TargetState.SetAttribute(ctx, path.Root("registry_credentials"), credentials)...)
	}
	var m model
	if resp.Diagnostics.Append(resp.TargetState.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	m.Images = toSet(source.Images)
	m.VpcID, m.SubnetID = types.StringPointerValue(source.VpcID), types.StringPointerValue(source.SubnetID)
	m.SizeGiB, m.RetentionDays = types.Int64PointerValue(source.SizeGiB), types.Int64PointerValue(source.RetentionDays)
	m.Rebuild = types.StringValue(rebuildReplace)
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &m)...)
}
