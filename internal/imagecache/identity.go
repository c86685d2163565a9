package imagecache

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// regionKey holds, in the private state, the region of a cache, for CLIs that keep no identity.
const regionKey = "region"

// privateState is the part of the framework's private state that is used here.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// writablePrivateState is privateState, to be written.
type writablePrivateState interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// checkRegion returns an error if the cache belongs to another region: Read would drop it from
// state, Delete would report success.
func (r *Resource) checkRegion(
	ctx context.Context, id string, identity *tfsdk.ResourceIdentity, private privateState,
) diag.Diagnostics {
	region := readRegion(ctx, identity, private)
	if region == "" || r.clients.Deferred() || region == r.clients.Region {
		return nil
	}
	return diag.Diagnostics{tfdiag.WrongRegion(id, region, r.clients.Region)}
}

// hasIdentity reports whether a state holds an identity.
func hasIdentity(identity *tfsdk.ResourceIdentity) bool {
	return identity != nil && !identity.Raw.IsFullyNull()
}

func readRegion(ctx context.Context, identity *tfsdk.ResourceIdentity, private privateState) string {
	if hasIdentity(identity) {
		var known identityModel
		if diags := identity.Get(ctx, &known); !diags.HasError() && known.Region.ValueString() != "" {
			return known.Region.ValueString()
		}
	}
	var region string
	if text, diags := private.GetKey(ctx, regionKey); !diags.HasError() && len(text) > 0 {
		_ = json.Unmarshal(text, &region) // what cannot be read is not known
	}
	return region
}

// saveState writes the state, the identity where it is missing, and the region.
func (r *Resource) saveState(
	ctx context.Context, state *tfsdk.State, identity *tfsdk.ResourceIdentity, private writablePrivateState,
	m *model,
) diag.Diagnostics {
	diags := state.Set(ctx, m)
	diags.Append(r.setIdentity(ctx, identity, m.ID.ValueString())...)
	diags.Append(private.SetKey(ctx, regionKey, strconv.AppendQuote(nil, r.clients.Region))...)
	return diags
}

// setIdentity sets the identity if it is null: a CLI that does not know identity keeps none, and
// the framework rejects an answer without one, even when the cache no longer exists. An identity
// that is set must not change. That of a deferred read, which no CLI keeps, has no region.
func (r *Resource) setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, id string) diag.Diagnostics {
	if identity == nil || !identity.Raw.IsFullyNull() {
		return nil
	}
	known := newIdentity(id, r.clients.Region)
	if r.clients.Deferred() {
		known.Region = types.StringNull()
	}
	return identity.Set(ctx, known)
}

func newIdentity(id, region string) identityModel {
	return identityModel{ID: types.StringValue(id), Region: types.StringValue(region)}
}
