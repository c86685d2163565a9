package rootdisk

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// isDiskSize refuses sizes that no disk has at validation.
type isDiskSize struct{}

func (isDiskSize) Description(context.Context) string {
	return fmt.Sprintf("must be between 0 and %d", disksize.MaxGiB)
}

func (v isDiskSize) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (isDiskSize) ValidateNumber(_ context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if _, err := gibToBytes(req.ConfigValue); err != nil {
		resp.Diagnostics.Append(tfdiag.InvalidSize(req.Path, err))
	}
}

// noGaps refuses lists of images with an element that is null or empty.
type noGaps struct{}

func (noGaps) Description(context.Context) string { return "no element is null or empty" }

func (v noGaps) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (noGaps) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	for i, element := range req.ConfigValue.Elements() {
		reference, ok := element.(types.String)
		if !ok || reference.IsUnknown() || reference.ValueString() != "" {
			continue
		}
		resp.Diagnostics.Append(tfdiag.MissingImage(req.Path.AtListIndex(i), i, reference.IsNull()))
	}
}
