package registry

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const (
	// maxLayers is about twice what overlayfs can stack (OVL_MAX_STACK is 500): nothing with more
	// can run.
	maxLayers = 1024
	// maxBlobs bounds the sum of what a manifest claims, far above the largest disk there is
	// (32,000 GiB), so that sums of several images cannot overflow.
	maxBlobs = 1 << 50
)

// document is a parsed manifest or index, exactly one of the two.
type document struct {
	digest      string
	mediaType   types.MediaType
	size        int64
	isIndex     bool
	entries     []v1.Descriptor // of an index
	config      v1.Descriptor   // of a manifest
	layers      []v1.Descriptor
	annotations json.RawMessage // annotations of a manifest
}

func (d *document) descriptor() Descriptor {
	return Descriptor{Digest: d.digest, MediaType: string(d.mediaType), Size: d.size}
}

// parseDocument determines from the document itself what it is: stored documents have no
// Content-Type, and registries may send a wrong one.
func parseDocument(data []byte, digest string) (*document, error) {
	var raw struct {
		SchemaVersion int              `json:"schemaVersion"`
		MediaType     types.MediaType  `json:"mediaType"`
		Config        *v1.Descriptor   `json:"config"`
		Layers        *[]v1.Descriptor `json:"layers"`
		Manifests     *[]v1.Descriptor `json:"manifests"`
		Annotations   json.RawMessage  `json:"annotations"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, malformedError("it is not a manifest: %w", err)
	}
	d := &document{digest: digest, mediaType: raw.MediaType, size: int64(len(data))}
	switch {
	case raw.SchemaVersion == 1 || raw.MediaType.IsSchema1():
		return nil, notAnImageError("a manifest of the old schema 1, which containerd does not pull any more")
	case raw.Manifests != nil && (raw.Config != nil || raw.Layers != nil):
		// OCI image-spec, section Image Manifest, and CVE-2021-41190: two readers could see two
		// images.
		return nil, malformedError("it is a manifest and an index at once")
	case raw.Manifests != nil:
		d.isIndex, d.entries, d.mediaType = true, *raw.Manifests, cmp.Or(d.mediaType, types.OCIImageIndex)
		return d, d.checkIndex()
	case raw.Config == nil:
		return nil, notAnImageError("neither a manifest nor an index")
	}
	d.config, d.mediaType, d.annotations = *raw.Config, cmp.Or(d.mediaType, types.OCIManifestSchema1), raw.Annotations
	if raw.Layers != nil {
		d.layers = *raw.Layers
	}
	return d, d.checkManifest()
}

// refuseSecrets refuses digests and media types that repeat a secret. Both are stored in the state
// as they are, and neither does so by chance.
func (d *document) refuseSecrets(data []byte, secrets *redact.Secrets) error {
	if !secrets.Holds(data) {
		return nil
	}
	digests := []v1.Hash{d.config.Digest}
	for i, layer := range d.layers {
		digests = append(digests, layer.Digest)
		base, suffix, _ := strings.Cut(string(layer.MediaType), "+")
		if _, err := mediatype.ParseLayer(base); err == nil && secrets.Holds([]byte(suffix)) {
			return malformedError("layer %d: its media type repeats a secret that this provider holds", i+1)
		}
	}
	for _, entry := range d.entries {
		digests = append(digests, entry.Digest)
	}
	return refuseSecretDigests(digests, secrets)
}

func refuseSecretDigests(digests []v1.Hash, secrets *redact.Secrets) error {
	if slices.ContainsFunc(digests, func(d v1.Hash) bool { return secrets.Holds([]byte(d.Hex)) }) {
		return malformedError("a digest in it repeats a secret that this provider holds")
	}
	return nil
}

// parseAnnotations returns those of a manifest. Annotations of another form are ignored.
func (d *document) parseAnnotations() map[string]string {
	var annotations map[string]string
	_ = json.Unmarshal(d.annotations, &annotations)
	return annotations
}

func (d *document) checkIndex() error {
	if !d.mediaType.IsIndex() {
		return malformedError("it says that it is %s and holds an index", d.mediaType)
	}
	for i, entry := range d.entries {
		if err := checkDescriptor(entry); err != nil {
			return malformedError("entry %d: %w", i+1, err)
		}
	}
	return nil
}

func (d *document) checkManifest() error {
	switch {
	case !d.mediaType.IsImage():
		return malformedError("it says that it is %s and holds a manifest", d.mediaType)
	case len(d.layers) > maxLayers:
		return failure.New(failure.TooLarge, "it has %d layers, at most %d are read", len(d.layers), maxLayers)
	}
	if err := checkDescriptor(d.config); err != nil {
		return malformedError("configuration: %w", err)
	}
	total := int64(0)
	for i, layer := range d.layers {
		if err := checkDescriptor(layer); err != nil {
			return malformedError("layer %d: %w", i+1, err)
		}
		if total += layer.Size; layer.Size > maxBlobs || total > maxBlobs {
			return malformedError("layer %d: the layers claim more than %d bytes", i+1, int64(maxBlobs))
		}
	}
	return nil
}

// isArtifact is true for a manifest that holds something else than an image.
func (d *document) isArtifact() bool {
	return !d.isIndex && d.config.MediaType != types.OCIConfigJSON && d.config.MediaType != types.DockerConfigJSON
}

func (d *document) configType() string {
	return cmp.Or(string(d.config.MediaType), "(none)")
}

func checkDescriptor(d v1.Descriptor) error {
	switch {
	case d.Digest.Hex == "":
		return errors.New("it has no digest")
	case d.Size < 0:
		return fmt.Errorf("its size is %d", d.Size)
	}
	return nil
}

// configuration is the part of an image's configuration that matters here. The rest is not decoded,
// so that an odd date or an odd health check does not stop a measurement.
type configuration struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
	RootFS       struct {
		DiffIDs []v1.Hash `json:"diff_ids"`
	} `json:"rootfs"`
}

func parseConfiguration(data []byte) (*configuration, error) {
	var c configuration
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, malformedError("it is not a configuration: %w", err)
	}
	for i, id := range c.RootFS.DiffIDs {
		if id.Hex == "" {
			return nil, malformedError("diff id %d is missing", i+1)
		}
	}
	return &c, nil
}

// platform is what the configuration says it runs on; known is false when it does not say.
func (c *configuration) platform() (p platform, known bool) {
	if c.OS == "" || c.Architecture == "" {
		return platform{}, false
	}
	return normalizePlatform(c.OS, c.Architecture, c.Variant), true
}

func malformedError(format string, args ...any) error {
	return failure.New(failure.Malformed, format, args...)
}

func notAnImageError(what string) error {
	return &failure.Error{Kind: failure.NotAnImage, Err: errors.New(what)}
}
