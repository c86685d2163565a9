package layersize

import (
	"strconv"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// SizeAnnotations are the annotations of a descriptor that name the length of the layer's tar:
// nerdctl and ctr-remote write the first, umoci the second.
var SizeAnnotations = []string{AnnotationStargzSize, AnnotationUmociSize}

// The annotations of SizeAnnotations.
const (
	AnnotationStargzSize = "io.containers.estargz.uncompressed-size"
	AnnotationUmociSize  = "ci.umo.uncompressed_blob_size"
)

// AnnotatedSize returns the length of the tar that the descriptor names, if a blob of this
// compression can have it.
func (l Layer) AnnotatedSize(packed mediatype.Compression) (int64, bool) {
	for _, key := range SizeAnnotations {
		length, err := strconv.ParseInt(l.Annotations[key], 10, 64)
		if err == nil && length > 0 && compression.IsPlausible(length, l.Size, packed) {
			return length, true
		}
	}
	return 0, false
}
