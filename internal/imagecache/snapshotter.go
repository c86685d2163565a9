package imagecache

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

const snapshotterDescription = "Snapshotter that unpacked the images, such as `overlay`; null when the API does " +
	"not return it."

// isNotWritten refuses a snapshotter in a configuration. Earlier builds took it as an argument and
// sent it, although CreateImageCache has no such field; the framework alone would not say why.
type isNotWritten struct{}

func (isNotWritten) Description(context.Context) string { return "must not be set" }

func (v isNotWritten) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (isNotWritten) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() {
		return
	}
	resp.Diagnostics.Append(tfdiag.SnapshotterIsComputed(req.Path))
}
