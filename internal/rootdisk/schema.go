package rootdisk

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

const mib = 1 << 20

var platformForm = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`)

// modeMeanings completes the description of each mode.
var modeMeanings = map[measure.Mode]string{
	measure.Auto:     "default: small layers streamed within the budget, the rest sampled until the disk is certain",
	measure.Manifest: "no layer is opened: ratios",
	measure.Sample:   "range reads only",
	measure.Full:     "streams every layer",
}

// methods are the values of `method`, from those that read least of a layer to those that read all
// of it.
var methods = []layersize.Method{
	layersize.MethodRatio, layersize.MethodAnnotation, layersize.MethodUncompressed, layersize.MethodContentSize,
	layersize.MethodTrailer, layersize.MethodSampled, layersize.MethodTOC, layersize.MethodStreamed,
}

// describeModes lists every mode with its meaning.
func describeModes() string {
	described := make([]string, 0, len(measure.Modes))
	for _, mode := range measure.Modes {
		described = append(described, fmt.Sprintf("`%s` (%s)", mode, modeMeanings[mode]))
	}
	return "How layers are measured: " + strings.Join(described, ", ") + "."
}

func modeNames() []string {
	names := make([]string, 0, len(measure.Modes))
	for _, mode := range measure.Modes {
		names = append(names, string(mode))
	}
	return names
}

func (d *DataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The disk size that images need, computed from their registries alone: without " +
			"pulling them, and without cloud credentials.",
		Attributes: map[string]schema.Attribute{},
	}
	for _, group := range []map[string]schema.Attribute{
		imageArguments(), measurementArguments(), outageArguments(ctx), diskArguments(),
		diskResults(), byteResults(), imageResults(),
	} {
		maps.Copy(resp.Schema.Attributes, group)
	}
}

// imageArguments are what to measure.
func imageArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"images": schema.ListAttribute{
			MarkdownDescription: "References of all images that the Pod, or the cache, holds.",
			ElementType:         types.StringType,
			Required:            true,
			Validators: []validator.List{
				listvalidator.SizeAtLeast(1),
				noGaps{},
			},
		},
		"platform": schema.StringAttribute{
			MarkdownDescription: fmt.Sprintf(
				"Platform to choose from an index, as os/architecture with an optional variant. Default: `%s`.",
				registry.DefaultPlatform,
			),
			Optional: true,
			Validators: []validator.String{
				stringvalidator.RegexMatches(
					platformForm, "must be os/architecture, such as linux/amd64 or linux/arm64/v8",
				),
			},
		},
	}
}

// readTimeout is how long registries are read by default.
const readTimeout = 10 * time.Minute

// outageArguments are what to do where a registry is slow, or not there.
func outageArguments(ctx context.Context) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"stale_if_error": schema.BoolAttribute{
			MarkdownDescription: "Whether what was kept of an image counts where its registry cannot be reached, " +
				"refuses, or no longer has it; a warning says how old that is and why. Without anything kept " +
				"(`measurement_cache_dir` of the provider) it is an error all the same. Default: false.",
			Optional: true,
		},
		"timeouts": timeouts.AttributesWithOpts(ctx, timeouts.Opts{
			ReadDescription: fmt.Sprintf(
				"How long registries are read, as a duration such as `5m`. Default: `%dm`. What was learned by then "+
					"counts: the bounds are wider, and a warning says so.", int(readTimeout.Minutes()),
			),
		}),
	}
}

// measurementArguments are how to measure it.
func measurementArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"measure": schema.StringAttribute{
			MarkdownDescription: describeModes(),
			Optional:            true,
			Validators:          []validator.String{stringvalidator.OneOf(modeNames()...)},
		},
		"read_budget_mib": schema.Int64Attribute{
			MarkdownDescription: fmt.Sprintf(
				"The most, in MiB, that one reading may fetch from registries with `sample` and `auto`. "+
					"Default: %d. Beyond it, sizes are inferred from less data, and the bounds widen accordingly.",
				measure.DefaultReadBudget/mib,
			),
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, 1<<20)},
		},
	}
}

// diskArguments are what the disk is for, beside the images.
func diskArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"writable_gib": schema.NumberAttribute{
			MarkdownDescription: "Data that the containers write to the disk, in GiB. Default: 0.",
			Optional:            true,
			Validators:          []validator.Number{isDiskSize{}},
		},
		"max_utilization_percent": schema.Int64Attribute{
			MarkdownDescription: fmt.Sprintf(
				"How full the disk may become, in percent. Default: %d, where super nodes begin to remove images.",
				disksize.DefaultMaxUtilizationPercent,
			),
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, 100)},
		},
		"round_to_gib": schema.Int64Attribute{
			MarkdownDescription: fmt.Sprintf(
				"Sizes above %d GiB are multiples of this, in GiB. Default: %d, which every kind of cloud disk "+
					"takes.",
				disksize.MinGiB, disksize.DefaultRoundToGiB,
			),
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, disksize.MaxGiB)},
		},
	}
}
