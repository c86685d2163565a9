package rootdisk

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"

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
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
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

func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The disk size that images need, computed from their registries alone: without " +
			"pulling them, and without cloud credentials.",
		Attributes: map[string]schema.Attribute{
			"images": schema.ListAttribute{
				MarkdownDescription: "References of all images that the Pod, or the cache, holds.",
				ElementType:         types.StringType,
				Required:            true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1),
					listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
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
			"measure": schema.StringAttribute{
				MarkdownDescription: describeModes(),
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(modeNames()...)},
			},
			"read_budget_mib": schema.Int64Attribute{
				MarkdownDescription: fmt.Sprintf(
					"The most, in MiB, that one reading may fetch from registries with `sample` and `auto`. "+
						"Default: %d. Beyond it, sizes are inferred from less data, and the bounds widen "+
						"accordingly.",
					measure.DefaultReadBudget/mib,
				),
				Optional:   true,
				Validators: []validator.Int64{int64validator.Between(1, 1<<20)},
			},
			"writable_gib": schema.NumberAttribute{
				MarkdownDescription: "Data that the containers write to the disk, in GiB. Default: 0.",
				Optional:            true,
				Validators:          []validator.Number{atLeastZero{}},
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
			"image_details": imageDetailsAttribute(),
		},
	}
	maps.Copy(resp.Schema.Attributes, computedAttributes())
}

func computedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"size_gib": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: fmt.Sprintf("The recommended disk in GiB, %d at least.", disksize.MinGiB),
		},
		"fits_default_disk": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: fmt.Sprintf("Whether the free disk of %d GiB suffices.", disksize.MinGiB),
		},
		"billable_gib": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: fmt.Sprintf("GiB above the free %d.", disksize.MinGiB),
		},
		"compressed_bytes": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Bytes of all blobs, as the manifests say; what images share is counted once.",
		},
		"unpacked_bytes": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Length of the layers' tars in bytes; what images share is counted once.",
		},
		"required_bytes": schema.Int64Attribute{
			Computed: true,
			MarkdownDescription: "What containerd stores on the disk, in bytes: blobs and unpacked layers in whole " +
				"blocks, without writable data, utilization, the file system's own share and rounding.",
		},
		"required_bytes_min": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Lower bound of `required_bytes`; equal to it when `exact`.",
		},
		"required_bytes_max": schema.Int64Attribute{
			Computed: true,
			MarkdownDescription: "Upper bound of `required_bytes`; equal to it when `exact`. `size_gib` is " +
				"computed from it.",
		},
		"required_inodes": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Files, directories and links on the disk; null when not every layer was counted.",
		},
		"exact": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "True only when every layer was counted file by file, to the block, and every " +
				"version of containerd pulls the same: streamed, or from a table of contents that its stream " +
				"confirms. Never when anything was inferred, where containerd would refuse a layer, or where a " +
				"large directory takes more blocks on one file system than on another.",
		},
		"digests": schema.MapAttribute{
			Computed:    true,
			ElementType: types.StringType,
			MarkdownDescription: "The digest of the platform's manifest, by the image as written in `images`; for " +
				"`image_digests` of `tkeimage_cache`.",
		},
		"pinned_images": schema.MapAttribute{
			Computed:    true,
			ElementType: types.StringType,
			MarkdownDescription: "`repository@digest` with the digest of `digests`, by the image as written in " +
				"`images`: every version of containerd pulls that manifest alone.",
		},
		"pod_annotations": schema.MapAttribute{
			Computed:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Annotations for a Pod template: the system disk's size when more than the free " +
				"disk is needed, else empty.",
		},
		"report": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "A Markdown report for a pull request: images, the largest layers, the size, what " +
				"is billed, and the bounds.",
		},
	}
}

func imageDetailsAttribute() schema.Attribute {
	layer := map[string]schema.Attribute{
		"digest":           schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the blob."},
		"diff_id":          schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the unpacked tar."},
		"media_type":       schema.StringAttribute{Computed: true, MarkdownDescription: "Media type of the blob."},
		"compressed_bytes": schema.Int64Attribute{Computed: true, MarkdownDescription: "Bytes of the blob."},
		"unpacked_bytes":   schema.Int64Attribute{Computed: true, MarkdownDescription: "Length of the tar in bytes."},
		"disk_bytes": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Bytes of the unpacked files on the disk, in whole blocks.",
		},
		"files": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Files, directories and links; null when they were not counted.",
		},
		"method": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "How the size was determined: " + tfdiag.QuoteList(methods) + ".",
		},
		"exact": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the layer was counted file by file.",
		},
	}
	return schema.MapNestedAttribute{
		Computed:            true,
		MarkdownDescription: "Details of each image, by the image as written in `images`.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"digest": schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the platform's manifest."},
			"manifests": schema.ListAttribute{
				Computed:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Digests of all manifests of the platform that containerd may unpack; " +
					"`digest` is the first. An index may name several, such as one for each compression: " +
					"containerd 1.6 pulls the first, containerd 2 all of them, and the sizes have room for all.",
			},
			"platform": schema.StringAttribute{Computed: true, MarkdownDescription: "Platform of the image."},
			"compressed_bytes": schema.Int64Attribute{
				Computed:            true,
				MarkdownDescription: "Bytes of the image's layer blobs, each once.",
			},
			"unpacked_bytes": schema.Int64Attribute{
				Computed:            true,
				MarkdownDescription: "Length of the image's layers' tars in bytes.",
			},
			"layers": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: "Layers, the lowest first; behind those of the first manifest what others " +
					"unpack besides.",
				NestedObject: schema.NestedAttributeObject{Attributes: layer},
			},
		}},
	}
}
