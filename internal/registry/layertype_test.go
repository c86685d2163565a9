package registry

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// typedImage pushes an image whose one layer has this media type; without a diff id, as models have
// none.
func (s *stand) typedImage(repo, mediaType string, diffIDs []string) {
	s.t.Helper()
	layer := s.blob(repo, []byte("GGUF and some weights"))
	layer.MediaType = types.MediaType(mediaType)
	config := s.blob(repo, asJSON(s.t, map[string]any{
		"os": "linux", "architecture": "amd64", "rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
	}))
	config.MediaType = types.DockerConfigJSON
	s.manifest(repo, "v1", types.DockerManifestSchema2, v1.Manifest{
		SchemaVersion: 2, MediaType: types.DockerManifestSchema2, Config: config, Layers: []v1.Descriptor{layer},
	})
}

func TestALayerThatContainerdDoesNotUnpackIsNamedByItsMediaType(t *testing.T) {
	t.Parallel()
	for repo, test := range map[string]struct{ mediaType, says string }{
		"model":     {"application/vnd.ollama.image.model", ": application/vnd.ollama.image.model"},
		"nydus":     {"application/vnd.oci.image.layer.nydus.blob.v1", "nydus.blob.v1"},
		"encrypted": {"application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "(the layer is encrypted)"},
		"nothing":   {"", ": (none)"},
		"escapes":   {"application/\x1b[31mred", `: application/\u001b[31mred`},
	} {
		t.Run(repo, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.typedImage(repo, test.mediaType, nil)
			_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/"+repo+":v1", "")
			text := assertKind(t, err, failure.LayerType).Error()
			if !strings.Contains(text, test.says) {
				t.Errorf("%q lacks %q", text, test.says)
			}
		})
	}
}

func TestALayerWithURLsIsMarked(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	here := s.blob("windows", []byte("a layer"))
	there := here
	there.MediaType, there.URLs = types.OCIRestrictedLayer, []string{"https://example.com/layer"}
	diffID := digestOf([]byte("tar"), "")
	config := s.blob("windows", asJSON(t, map[string]any{
		"os": "linux", "architecture": "amd64",
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{diffID, diffID}},
	}))
	config.MediaType = types.OCIConfigJSON
	s.manifest("windows", "v1", types.OCIManifestSchema1, v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config, Layers: []v1.Descriptor{here, there},
	})
	layers := mustResolve(t, newClient(t, quick(t)), s.host()+"/windows:v1", "").Layers
	if layers[0].Elsewhere || !layers[1].Elsewhere {
		t.Errorf("got %+v", layers)
	}
}
