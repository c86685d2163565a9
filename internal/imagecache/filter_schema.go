package imagecache

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// What the arguments of a filter say and take. Data sources and list resources have schemas of
// different types, so each writes its attributes, of these.
const (
	filterNames     = "Only caches with one of these names."
	filterNameRegex = "Only caches whose name matches this regular expression (RE2)."
	filterImage     = "Only caches that hold this image, written as in the cache."
	filterStatus    = "Only caches in this status."
	filterTags      = "Only caches that have all of these tags."
	filterUnused    = "Only caches that no Pod has matched for so many days. A cache that was never matched " +
		"counts from its creation."
)

var (
	filterType = "Only caches of this type: " + typeDescription

	regexValidators  = []validator.String{isRegex{}}
	statusValidators = []validator.String{stringvalidator.OneOf(statuses...)}
	typeValidators   = []validator.String{stringvalidator.OneOf(cacheTypes...)}
	tagValidators    = []validator.Map{noNulls{}}
	unusedValidators = []validator.Int64{int64validator.Between(0, maxUnusedDays)}
)

// maxUnusedDays is a hundred years, beyond which times are no longer counted.
const maxUnusedDays = 36500

// isRegex refuses at validation what does not compile.
type isRegex struct{}

func (isRegex) Description(context.Context) string { return "must be a regular expression" }

func (v isRegex) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (isRegex) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if _, err := regexp.Compile(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.Append(tfdiag.InvalidRegex(req.Path, err))
	}
}
