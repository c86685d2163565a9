package imagecache

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// expiresSoon is how long before its end a cache is warned of.
const expiresSoon = 3 * 24 * time.Hour

// expiryWarning warns of a cache that the service will delete within days; data sources say it too.
func expiryWarning(cache *tke.ImageCache) diag.Diagnostics {
	at, expires := cache.ExpiresAt()
	if !expires || time.Until(at) > expiresSoon {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Image cache expires soon", fmt.Sprintf(
		"Image cache %s (%s) expires at %s. Raise retention_days to keep it; Pods that use it pull their images from then on.",
		cache.ID, cache.Name, at.Format(time.RFC3339)))}
}

// expiredWarning says why a cache is not in the state any more, where that is known.
func (r *Resource) expiredWarning(ctx context.Context, state *model) diag.Diagnostics {
	tflog.Warn(ctx, "image cache is gone", map[string]any{"id": state.ID.ValueString()})
	at, err := time.Parse(time.RFC3339, state.ExpiresAt.ValueString())
	if err != nil || time.Now().Before(at) {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Image cache has expired", fmt.Sprintf(
		"Image cache %s (%s) was made with retention_days = %d and expired at %s; the service has deleted it, and the plan creates it anew. "+
			"Raise retention_days, or set it to 0, to keep it longer.",
		state.ID.ValueString(), state.Name.ValueString(), state.RetentionDays.ValueInt64(), at.Format(time.RFC3339)))}
}
