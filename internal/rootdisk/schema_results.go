package rootdisk

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// diskResults are the disk, and what is made of it.
func diskResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"size_gib":          computedNumber(fmt.Sprintf("The recommended disk in GiB, %d at least.", disksize.MinGiB)),
		"fits_default_disk": computedBool(fmt.Sprintf("Whether the free disk of %d GiB suffices.", disksize.MinGiB)),
		"billable_gib":      computedNumber(fmt.Sprintf("GiB above the free %d.", disksize.MinGiB)),
		"pod_annotations": computedMap("Annotations for a Pod template: the system disk's size when more than the " +
			"free disk is needed, else empty. Merged with `pod_annotations({ image_cache = \"auto\" })`, they are " +
			"the fallback of Pods that no image cache matches."),
		"report": computedText("A Markdown report for a pull request: images, the arithmetic from what they need to " +
			"the size, the largest layers, what is billed, and the bounds. Its tables stay whole in an error message."),
	}
}

// byteResults are what the images take on the disk, with bounds.
func byteResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"compressed_bytes": computedNumber("Bytes of all blobs, as the manifests say; what images share is counted " +
			"once."),
		"unpacked_bytes": computedNumber("Length of the layers' tars in bytes; what images share is counted once."),
		"required_bytes": computedNumber("What containerd stores on the disk, in bytes: blobs and unpacked layers in " +
			"whole blocks, without writable data, utilization, the file system's own share and rounding."),
		"required_bytes_min": computedNumber("Lower bound of `required_bytes`; equal to it when `exact`."),
		"required_bytes_max": computedNumber(
			"Upper bound of `required_bytes`; equal to it when `exact`. `size_gib` is computed from it."),
		"required_inodes": computedNumber("Files, directories and links on the disk; null when not every layer was " +
			"counted."),
		"exact": computedBool("True only when every layer was counted file by file, to the block, and every " +
			"version of containerd pulls the same: streamed, or from a table of contents that its stream " +
			"confirms. Never when anything was inferred, where containerd would refuse a layer, or where a " +
			"large directory takes more blocks on one file system than on another."),
	}
}

// imageResults are what each image turned out to be.
func imageResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"digests": computedMap("The digest of the platform's manifest, by the image as written in `images`; for " +
			"`image_digests` of `tkeimage_cache`."),
		"pinned_images": computedMap("`repository@digest` with the digest of `digests`, by the image as written in " +
			"`images`: every version of containerd pulls that manifest alone."),
		"image_details": schema.MapNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Details of each image, by the image as written in `images`.",
			NestedObject:        schema.NestedAttributeObject{Attributes: imageAttributes()},
		},
	}
}

func imageAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"digest": computedText("Digest of the platform's manifest."),
		"manifests": schema.ListAttribute{
			Computed:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Digests of all manifests of the platform that containerd may unpack; " +
				"`digest` is the first. An index may name several, such as one for each compression: " +
				"containerd 1.6 pulls the first, containerd 2 all of them, and the sizes have room for all.",
		},
		"platform":         computedText("Platform of the image."),
		"compressed_bytes": computedNumber("Bytes of the image's layer blobs, each once."),
		"unpacked_bytes":   computedNumber("Length of the image's layers' tars in bytes."),
		"layers": schema.ListNestedAttribute{
			Computed: true,
			MarkdownDescription: "Layers, the lowest first; behind those of the first manifest what others " +
				"unpack besides.",
			NestedObject: schema.NestedAttributeObject{Attributes: layerAttributes()},
		},
	}
}

func layerAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"digest":           computedText("Digest of the blob."),
		"diff_id":          computedText("Digest of the unpacked tar."),
		"media_type":       computedText("Media type of the blob."),
		"compressed_bytes": computedNumber("Bytes of the blob."),
		"unpacked_bytes":   computedNumber("Length of the tar in bytes."),
		"disk_bytes":       computedNumber("Bytes of the unpacked files on the disk, in whole blocks."),
		"files":            computedNumber("Files, directories and links; null when they were not counted."),
		"method":           computedText("How the size was determined: " + tfdiag.QuoteList(methods) + "."),
		"exact":            computedBool("Whether the layer was counted file by file."),
	}
}

func computedText(description string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func computedMap(description string) schema.Attribute {
	return schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}

func computedNumber(description string) schema.Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
}

func computedBool(description string) schema.Attribute {
	return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
}
