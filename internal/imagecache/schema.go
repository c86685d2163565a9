package imagecache

import (
	"context"
	"fmt"
	"maps"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// maxRetentionDays is the service's limit, for texts and validators alike; those of the size are
// package disksize's.
const maxRetentionDays = 3650

// updatingText follows what a change in place does to a cache.
const updatingText = ": until that ends, the cache is `Updating` and Pods cannot use it."

const (
	rebuildReplace = "replace"
	rebuildInPlace = "in_place"
)

var internetServiceProviders = []string{"BGP", "CMCC", "CTCC", "CUCC"}

var (
	bareHost    = annotations.BareHost
	digest      = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	hostMessage = "must be a bare host, with a port where it needs one (registry.example.com or " +
		"registry.example.com:5000): no scheme, no path"
)

func (r *Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An image cache instance of TKE super nodes: the service pulls the images once onto a " +
			"disk and snapshots it, and every Pod that uses the cache starts from a copy of that disk. Creating " +
			"waits until the cache is `Ready`.",
		Attributes: map[string]schema.Attribute{
			"timeouts": timeoutsAttribute(ctx),
		},
	}
	for _, group := range []map[string]schema.Attribute{
		nameAttributes(), contentAttributes(), extentAttributes(), rebuildAttributes(),
		networkAttributes(), pullAttributes(), buildResults(), cacheResults(),
	} {
		maps.Copy(resp.Schema.Attributes, group)
	}
}

// timeoutsAttribute is the library's without its validator: ValidateConfig refuses the same, and a
// time that is none.
func timeoutsAttribute(ctx context.Context) schema.Attribute {
	whole := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Update: true, Delete: true,
		CreateDescription: "How long to wait for the first build, such as `90m`. Default: `60m`.",
		UpdateDescription: "How long to wait for a change, such as `90m`. Default: `60m`.",
		DeleteDescription: "How long to wait until the cache is gone, such as `5m`. Default: `10m`.",
	})
	if nested, ok := whole.(schema.SingleNestedAttribute); ok {
		for name, attribute := range nested.Attributes {
			if text, ok := attribute.(schema.StringAttribute); ok {
				text.Validators = nil
				nested.Attributes[name] = text
			}
		}
	}
	return whole
}

// nameAttributes are what the cache is called, and what it is marked with.
func nameAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			MarkdownDescription: "Name of the cache. Default: `tf-` and 12 random lower-case letters and digits, " +
				"so that a cache and its successor differ. Whether the service takes two caches of one name, as " +
				"`create_before_destroy` needs with a name of your own, is unconfirmed. Changed in place.",
			Optional:      true,
			Computed:      true,
			Validators:    []validator.String{stringvalidator.LengthAtLeast(1)},
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"tags": schema.MapAttribute{
			MarkdownDescription: "Tags of the cache, besides the provider's `default_tags`. Changed in place. " +
				"If there are neither, tags are unmanaged: tags that the account or others add are no change. " +
				"Otherwise they are authoritative: the next plan shows tags that were added elsewhere, and the " +
				"next apply removes them, except those that the provider's `ignore_tags` covers.",
			ElementType: types.StringType,
			Optional:    true,
			Validators:  []validator.Map{noNulls{}},
		},
	}
}

// contentAttributes are what the cache holds.
func contentAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"images": schema.SetAttribute{
			MarkdownDescription: "References of the images that the cache holds. Pods match them by name and tag, " +
				"not by content: see `image_digests`. Changed in place" + updatingText,
			ElementType: types.StringType,
			Required:    true,
			Validators: []validator.Set{
				setvalidator.SizeAtLeast(1),
				noNulls{},
			},
		},
		"registry_credentials": registryCredentialsAttribute(),
	}
}

// extentAttributes are how large the cache is, and how long it stays.
func extentAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"size_gib": schema.Int64Attribute{
			MarkdownDescription: fmt.Sprintf(
				"Size of the cache's disk in GiB, %d to %d. Default: %d, and an existing cache keeps its size. It "+
					"grows in place"+updatingText+" Shrinking replaces the cache. "+
					"`data.tkeimage_root_disk_size` computes how much is needed. A size that is not known until apply "+
					"and then turns out smaller ends the run "+
					"with `inconsistent final plan`; nothing is lost, and the next plan replaces the cache.",
				disksize.MinGiB, disksize.MaxGiB, disksize.MinGiB,
			),
			Optional:   true,
			Computed:   true,
			Validators: []validator.Int64{int64validator.Between(disksize.MinGiB, disksize.MaxGiB)},
		},
		"retention_days": schema.Int64Attribute{
			MarkdownDescription: fmt.Sprintf(
				"Days after which the service deletes the cache, 0 to %d. Default: 0, it never expires. Changed in "+
					"place.",
				maxRetentionDays,
			),
			Optional:   true,
			Computed:   true,
			Default:    int64default.StaticInt64(0),
			Validators: []validator.Int64{int64validator.Between(0, maxRetentionDays)},
		},
	}
}

// rebuildAttributes are what has the cache built again.
func rebuildAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"image_digests": schema.MapAttribute{
			MarkdownDescription: "Maps each image, as written in `images`, to its current digest; usually " +
				"`data.tkeimage_root_disk_size.x.digests`. It is never sent to the service: when the digest of an " +
				"image changes, the cache is rebuilt, as `rebuild` specifies.",
			ElementType: types.StringType,
			Optional:    true,
			Validators: []validator.Map{
				noNulls{},
				mapvalidator.ValueStringsAre(
					stringvalidator.RegexMatches(digest, "must be a digest: sha256: and 64 hexadecimal digits"),
				),
			},
		},
		"rebuild": schema.StringAttribute{
			MarkdownDescription: "Effect of a changed digest: `replace` (default) creates a new cache, and with " +
				"`create_before_destroy` deletes the old one only then; `in_place` sends UpdateImageCache with the " +
				"same images and keeps the id. Whether the service then pulls them again is unconfirmed: a warning " +
				"is printed if the cache shows no sign of a rebuild.",
			Optional:   true,
			Computed:   true,
			Default:    stringdefault.StaticString(rebuildReplace),
			Validators: []validator.String{stringvalidator.OneOf(rebuildReplace, rebuildInPlace)},
		},
	}
}

func registryCredentialsAttribute() schema.Attribute {
	return schema.MapNestedAttribute{
		MarkdownDescription: "Credentials for private registries, by host. Changed in place" + updatingText,
		Optional:            true,
		Validators: []validator.Map{
			mapvalidator.SizeAtLeast(1),
			noNulls{},
			mapvalidator.KeysAre(stringvalidator.RegexMatches(bareHost, hostMessage)),
		},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"username": schema.StringAttribute{MarkdownDescription: "User name at the registry.", Optional: true},
			"password_wo": schema.StringAttribute{
				MarkdownDescription: "Password or token. Write-only: it may be ephemeral and is stored neither in " +
					"the plan nor in the state. Needs Terraform or OpenTofu 1.11 or later.",
				Optional:  true,
				WriteOnly: true,
				Sensitive: true,
			},
			"password_wo_version": schema.Int64Attribute{
				MarkdownDescription: "An arbitrary number: raising it sends the credentials again, since Terraform " +
					"cannot detect a change of the password itself.",
				Optional: true,
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the credential at the service.",
				Optional:            true,
			},
		}},
	}
}

// cacheResults are what the service says of the cache: which it is, and how long it exists.
func cacheResults() map[string]schema.Attribute {
	kept := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			MarkdownDescription: "Id of the cache, `imc-…`.",
			Computed:            true,
			PlanModifiers:       kept,
		},
		"type": schema.StringAttribute{
			MarkdownDescription: typeDescription,
			Computed:            true,
			PlanModifiers:       kept,
		},
		"tags_all": schema.MapAttribute{
			MarkdownDescription: "All tags of the cache: `tags` and the provider's `default_tags`. Empty if there " +
				"are neither, and then tags are unmanaged.",
			ElementType: types.StringType,
			Computed:    true,
		},
		"created_at": schema.StringAttribute{
			MarkdownDescription: "When the cache was created, RFC 3339.",
			Computed:            true,
			PlanModifiers:       kept,
		},
		"expires_at": schema.StringAttribute{
			MarkdownDescription: "When the service deletes the cache, RFC 3339; null when it never expires.",
			Computed:            true,
		},
	}
}

// buildResults are what became of the last build.
func buildResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"status": schema.StringAttribute{
			MarkdownDescription: statusDescription + fmt.Sprintf(
				" A cache found `%s` is planned for replacement, `%s` for another update.", tke.StatusFailed,
				tke.StatusUpdateFailed,
			),
			Computed: true,
		},
		"snapshot_id": schema.StringAttribute{
			MarkdownDescription: "Id of the snapshot that Pods' disks are made from.",
			Computed:            true,
		},
		"snapshotter": schema.StringAttribute{
			MarkdownDescription: snapshotterDescription + " The API has no way to choose it.",
			Computed:            true,
			Validators:          []validator.String{isNotWritten{}},
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"pod_annotations": schema.MapAttribute{
			MarkdownDescription: "Annotations for a Pod template that pin its Pods to this cache. For a disk " +
				"larger than the cache, pass the id to the function `pod_annotations`, with " +
				"`image_cache_disk_size_gib`; `root-cbs-size` has no effect beside an id.",
			ElementType: types.StringType,
			Computed:    true,
		},
	}
}

// IdentitySchema defines what identifies a cache.
func (r *Resource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{Description: "Id of the cache, imc-….", RequiredForImport: true},
		"region": identityschema.StringAttribute{
			Description:       "Region of the cache; default: the provider's.",
			OptionalForImport: true,
		},
	}}
}
