package rootdisk

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// atLeastZero refuses negative sizes at validation.
type atLeastZero struct{}

func (atLeastZero) Description(context.Context) string {
	return fmt.Sprintf("must be between 0 and %d", disksize.MaxGiB)
}

func (v atLeastZero) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v atLeastZero) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if _, err := gibToBytes(req.ConfigValue); err != nil {
		resp.Diagnostics.AddAttributeError(
			req.Path, "Not a size in GiB", err.Error()+": the value "+v.Description(ctx)+".",
		)
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
		what := "empty"
		if reference.IsNull() {
			what = "null"
		}
		resp.Diagnostics.AddAttributeError(
			req.Path.AtListIndex(i), "Image is missing", fmt.Sprintf(
				"images[%d] is %s: write a reference as a Pod would (nginx:1.29), or leave the element out.", i, what,
			),
		)
	}
}
