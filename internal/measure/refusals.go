package measure

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// Refusal is why containerd does not unpack a layer of an image, which it then does not pull,
// whatever the disk.
type Refusal struct {
	Image  string // as written
	Digest string // of the layer
	layersize.Refusal
}

// ErrForeign means that a foreign layer is not in the registry, and the URLs of its descriptor are
// not followed.
var ErrForeign = errors.New("the layer is foreign (not distributable), and the registry does not hold it")

// inImage returns a layer's measurement as it counts in an image, in which the same blob can be
// refused or not: its configuration names the digest of the tar, and containerd treats whiteouts in
// the lowest layer in another way.
func inImage(layer registry.Layer, lowest bool, measured layersize.Measurement) layersize.Measurement {
	var refusals []layersize.Refusal
	for _, refusal := range measured.Refusals {
		if !lowest || !refusal.Reason.OnlyAboveOthers() {
			refusals = append(refusals, refusal)
		}
	}
	asLowest := lowest && (measured.Whiteouts > 0 || measured.Opaque || len(refusals) < len(measured.Refusals))
	for _, reason := range refusedByManifest(layer) {
		refusals = append(refusals, layersize.Refusal{Reason: reason})
	}
	if measured.TarDigest != "" && strings.HasPrefix(layer.DiffID, "sha256:") && measured.TarDigest != layer.DiffID {
		refusals = append(refusals, layersize.Refusal{Reason: layersize.RefusedDiffID})
	}
	measured.Refusals = refusals
	measured.Exact = measured.Exact && len(refusals) == 0 && !asLowest
	if asLowest && measured.Opaque { // what no entry lists is removed, with all that is below it
		measured.DiskBytes.Min = min(measured.DiskBytes.Min, disksize.BlockSize)
	}
	if asLowest && measured.Inodes != nil {
		made := *measured.Inodes - measured.Whiteouts
		measured.Inodes, measured.LikelyInodes = &made, made
	}
	return measured
}

// refusedByManifest is what a manifest and a configuration say about a layer that containerd
// refuses.
func refusedByManifest(layer registry.Layer) []layersize.Reason {
	var reasons []layersize.Reason
	if declared, err := mediatype.ParseLayer(layer.MediaType); err == nil && declared.Recent {
		reasons = append(reasons, layersize.RefusedRecent)
	}
	if layer.Elsewhere {
		reasons = append(reasons, layersize.RefusedElsewhere)
	}
	if layer.Size == 0 {
		reasons = append(reasons, layersize.RefusedEmpty)
	}
	if !strings.HasPrefix(layer.DiffID, "sha256:") {
		reasons = append(reasons, layersize.RefusedDiffIDType)
	}
	return reasons
}

// explainForeign says of a layer that its registry does not have why that may be.
func explainForeign(layer registry.Layer, err error) error {
	declared, _ := mediatype.ParseLayer(layer.MediaType)
	if errors.Is(err, failure.NotFound) && (declared.Foreign || layer.Elsewhere) {
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return err
}
