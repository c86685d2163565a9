package probe

import (
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// An annotated source goes by annotations of the layer's descriptor.
type annotated interface{ Annotations() []string }

// SizeHints returns the annotations that sources go by. They are untrusted, and no part of the
// layer: its digest does not cover them.
func SizeHints(annotations map[string]string) map[string]string {
	hints := map[string]string{}
	for _, key := range hintKeys() {
		if value := annotations[key]; value != "" {
			hints[key] = value
		}
	}
	return hints
}

func hintKeys() []string {
	keys := slices.Clone(layersize.SizeAnnotations)
	for _, source := range listSources(&Memory{}) {
		if a, ok := source.(annotated); ok {
			keys = append(keys, a.Annotations()...)
		}
	}
	return keys
}
