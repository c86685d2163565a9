package imagecache

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// expiresSoon is how long before its end a cache is warned of.
const expiresSoon = 3 * 24 * time.Hour

// expiryWarning warns of a cache that the service will delete within days.
func expiryWarning(cache *tke.ImageCache) diag.Diagnostics {
	at, expires := cache.ExpiresAt()
	if !expires || time.Until(at) > expiresSoon {
		return nil
	}
	return diag.Diagnostics{tfdiag.ExpiresSoon(cache, at)}
}

// goneWarning explains why a cache has left the state.
func (r *Resource) goneWarning(ctx context.Context, state *model) diag.Diagnostics {
	tflog.Warn(ctx, "image cache is gone", map[string]any{"id": state.ID.ValueString()})
	at, err := time.Parse(time.RFC3339, state.ExpiresAt.ValueString())
	if err != nil || time.Now().Before(at) {
		return diag.Diagnostics{tfdiag.Gone(state.ID.ValueString(), state.Name.ValueString())}
	}
	return diag.Diagnostics{tfdiag.Expired(
		state.ID.ValueString(), state.Name.ValueString(), state.RetentionDays.ValueInt64(), at)}
}
