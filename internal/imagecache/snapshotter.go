package imagecache

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
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
	resp.Diagnostics.AddAttributeError(req.Path, "The snapshotter cannot be chosen",
		"The API has no way to choose the snapshotter of an image cache: CreateImageCache takes no such field. "+
			"Remove the argument. A cache that exists is not changed by that, and its snapshotter can be read from "+
			"this attribute.")
}
