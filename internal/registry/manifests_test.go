package registry

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// labelled sets the platform of an entry.
func labelled(d v1.Descriptor, p v1.Platform) v1.Descriptor {
	d.Platform = &p
	return d
}

func unlabelled(d v1.Descriptor) v1.Descriptor {
	d.Platform = nil
	return d
}

// artifact pushes a manifest that is no image, with a blob that is no layer and one that is.
func (s *stand) artifact(repo string) v1.Descriptor {
	s.t.Helper()
	config := s.blob(repo, []byte("values"))
	config.MediaType = "application/vnd.cncf.helm.config.v1+json"
	chart, layer := s.blob(repo, []byte("chart")), s.blob(repo, []byte("layer of an artifact"))
	chart.MediaType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	return s.manifest(repo, "", types.OCIManifestSchema1, v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config, Layers: []v1.Descriptor{chart, layer},
	})
}

var linuxAMD64 = v1.Platform{OS: "linux", Architecture: "amd64"}

func digestsOf(list []Descriptor) (digests []string) {
	for _, d := range list {
		digests = append(digests, d.Digest)
	}
	return digests
}

func layersOf(image *Image) (digests []string) {
	for _, l := range image.Layers {
		digests = append(digests, l.Digest)
	}
	return digests
}

// The rules are those of containerd: images.Manifest and images.LimitManifests of 1.6.20, the
// transfer service of 2.4.2.
func TestManifestsThatMatchOnePlatform(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	content := map[string]string{}
	push := func(name, platform string) v1.Descriptor {
		d := s.image("x", "", platform, []byte(name))
		content[d.Digest.String()] = name
		return d
	}
	a, b, c := push("a", "linux/amd64"), push("b", "linux/amd64"), push("c", "linux/386")
	arm, windows := push("arm", "linux/arm64"), push("windows", "windows/amd64")
	nydus := labelled(push("nydus", "linux/amd64"), v1.Platform{
		OS: "linux", Architecture: "amd64", OSFeatures: []string{"nydus.remoteimage.v1"},
	})
	attestation := s.image("x", "", "unknown/unknown", []byte("attestation"))
	v2 := labelled(push("v2", "linux/amd64"), v1.Platform{OS: "linux", Architecture: "amd64", Variant: "v2"})
	version := labelled(push("version", "linux/amd64"), v1.Platform{
		OS: "linux", Architecture: "amd64", OSVersion: "5.10",
	})
	chart := s.artifact("x")
	chartBlobs := []string{digestOf([]byte("values"), ""), digestOf([]byte("chart"), "")}
	for name, test := range map[string]struct {
		entries []v1.Descriptor
		want    []string // the first one first
		blobs   []string
	}{
		"one":                          {[]v1.Descriptor{arm, a, attestation}, []string{"a"}, nil},
		"two":                          {[]v1.Descriptor{b, arm, a}, []string{"b", "a"}, nil},
		"one of them twice":            {[]v1.Descriptor{b, a, b}, []string{"b", "a"}, nil},
		"a lesser platform beside":     {[]v1.Descriptor{c, a}, []string{"a"}, nil},
		"a lesser platform alone":      {[]v1.Descriptor{arm, c}, []string{"c"}, nil},
		"a higher variant beside":      {[]v1.Descriptor{v2, a}, []string{"a"}, nil},
		"a version":                    {[]v1.Descriptor{version, a}, []string{"version", "a"}, nil},
		"features first":               {[]v1.Descriptor{nydus, a}, []string{"a"}, nil},
		"features behind":              {[]v1.Descriptor{a, nydus}, []string{"a", "nydus"}, nil},
		"no platform, behind":          {[]v1.Descriptor{unlabelled(b), a}, []string{"a", "b"}, nil},
		"no platform alone":            {[]v1.Descriptor{unlabelled(b), unlabelled(a)}, []string{"b", "a"}, nil},
		"no platform, another machine": {[]v1.Descriptor{unlabelled(arm), a}, []string{"a", "arm"}, nil},
		"no platform, another system": {
			[]v1.Descriptor{unlabelled(windows), a}, []string{"a"}, []string{digestOf([]byte("windows"), "")},
		},
		"an artifact without a platform": {[]v1.Descriptor{unlabelled(chart), a}, []string{"a"}, chartBlobs},
		"an artifact of the platform":    {[]v1.Descriptor{labelled(chart, linuxAMD64), a}, []string{"a"}, chartBlobs},
		"an artifact of another": {
			[]v1.Descriptor{labelled(chart, v1.Platform{OS: "linux", Architecture: "arm64"}), a}, []string{"a"}, nil,
		},
		"an artifact before no platform": {
			[]v1.Descriptor{unlabelled(chart), unlabelled(a)}, []string{"a"}, chartBlobs,
		},
		"an empty platform": {[]v1.Descriptor{labelled(b, v1.Platform{}), a}, []string{"a"}, nil},
		"an attestation without platform": {
			[]v1.Descriptor{a, unlabelled(attestation)}, []string{"a"}, []string{digestOf([]byte("attestation"), "")},
		},
		"an index in the index": {[]v1.Descriptor{unlabelled(s.index("x", "", arm, b)), a}, []string{"a", "b"}, nil},
		"an entry that is not a manifest": {
			[]v1.Descriptor{a, {MediaType: "text/plain", Size: 5, Digest: described("", []byte("chart")).Digest}},
			[]string{"a"}, chartBlobs[1:],
		},
		"an entry of another architecture": {
			[]v1.Descriptor{labelled(b, v1.Platform{OS: "linux", Architecture: "s390x"}), a}, []string{"a"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			index := s.index("x", "", test.entries...)
			image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x@"+index.Digest.String(), "")
			var got []string
			for _, digest := range image.Manifests {
				got = append(got, content[digest])
			}
			if diff := cmp.Diff(test.want, got); diff != "" || image.Digest != image.Manifests[0] {
				t.Errorf("manifests: %s", diff)
			}
			var layers []string
			for _, name := range test.want {
				layers = append(layers, digestOf([]byte(name), ""))
			}
			if diff := cmp.Diff(layers, layersOf(image)); diff != "" {
				t.Errorf("layers: %s", diff)
			}
			for i, layer := range image.Layers {
				if layer.Alternative != (i > 0) {
					t.Errorf("layer %d: alternative %v", i, layer.Alternative)
				}
			}
			if diff := cmp.Diff(test.blobs, digestsOf(image.Blobs)); diff != "" {
				t.Errorf("blobs: %s", diff)
			}
			if alone := len(test.want) == 1 && test.blobs == nil; image.HasAlternatives() == alone {
				t.Errorf("alternatives: %v", !alone)
			}
			for i, d := range image.Metadata {
				if d.Alternative != (i > 2) {
					t.Errorf("metadata %d: alternative %v", i, d.Alternative)
				}
			}
		})
	}
}

// TestAnAlternativeThatContainerdCannotUnpackIsBlobs, and hides nothing.
func TestAnAlternativeThatContainerdCannotUnpackIsBlobs(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	a := s.image("x", "", "linux/amd64", []byte("a"))
	config := s.blob(
		"x",
		asJSON(t, map[string]any{
			"os": "linux", "architecture": "amd64", "rootfs": map[string]any{"diff_ids": []string{someDigest}},
		}),
	)
	config.MediaType = types.OCIConfigJSON
	layer := s.blob("x", []byte("secret"))
	layer.MediaType = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"
	encrypted := labelled(s.manifest("x", "", types.OCIManifestSchema1, v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config, Layers: []v1.Descriptor{layer},
	}), linuxAMD64)
	s.index("x", "1", a, encrypted)
	s.index("x", "2", encrypted, a)
	c := newClient(t, quick(t))
	image := mustResolve(t, c, s.host()+"/x:1", "")
	if len(image.Manifests) != 1 || len(image.Layers) != 1 ||
		!slices.Equal(digestsOf(image.Blobs), []string{layer.Digest.String()}) {
		t.Errorf("%+v", image)
	}
	_, err := c.Resolve(t.Context(), s.host()+"/x:2", "")
	assertKind(t, err, failure.LayerType)
}

// TestAnotherPackingIsABlobAndNoLayer: podman --add-compression writes two manifests with one
// configuration.
func TestAnotherPackingIsABlobAndNoLayer(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	diffs := map[string]any{
		"os":           "linux",
		"architecture": "amd64",
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{someDigest}},
	}
	config := s.blob("x", asJSON(t, diffs))
	config.MediaType = types.OCIConfigJSON
	pack := func(content string, mediaType types.MediaType) v1.Descriptor {
		layer := s.blob("x", []byte(content))
		layer.MediaType = mediaType
		return labelled(s.manifest("x", "", types.OCIManifestSchema1, v1.Manifest{
			SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config, Layers: []v1.Descriptor{layer},
		}), linuxAMD64)
	}
	s.index("x", "1", pack("gzip", types.OCILayer), pack("zstd", types.OCILayerZStd))

	image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "")

	if got := layersOf(image); !slices.Equal(got, []string{digestOf([]byte("gzip"), "")}) {
		t.Errorf("layers %q", got)
	}
	want := []Descriptor{{
		Digest: digestOf([]byte("zstd"), ""), MediaType: string(types.OCILayerZStd), Size: 4, Alternative: true,
	}}
	if diff := cmp.Diff(want, image.Blobs); diff != "" || len(image.Manifests) != 2 {
		t.Errorf("%d manifests, blobs: %s", len(image.Manifests), diff)
	}
	// index, manifest, configuration, and the other manifest
	if len(image.Metadata) != 4 || !image.Metadata[3].Alternative {
		t.Errorf("metadata %+v", image.Metadata)
	}
}

// TestFeaturesBeforeTheImageAreTold: containerd 1.6.20 pulls the entry with features, and 2.3 and
// later the other one.
func TestFeaturesBeforeTheImageAreTold(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	push := func(name string, variant string, features ...string) v1.Descriptor {
		return labelled(s.image("x", "", "linux/amd64", []byte(name)), v1.Platform{
			OS: "linux", Architecture: "amd64", Variant: variant, OSFeatures: features,
		})
	}
	a, nydus, v3 := push("a", ""), push("nydus", "v1", "nydus.remoteimage.v1"), push("v3", "v3", "x")
	told := &Featured{Digest: nydus.Digest.String(), Platform: "linux(+nydus.remoteimage.v1)/amd64"}
	for name, test := range map[string]struct {
		entries []v1.Descriptor
		want    *Featured
	}{
		"first":                     {[]v1.Descriptor{nydus, a}, told},
		"behind":                    {[]v1.Descriptor{a, nydus}, nil},
		"first, of another variant": {[]v1.Descriptor{v3, a, nydus}, nil},
		"before no platform":        {[]v1.Descriptor{unlabelled(a), nydus}, told},
		"none":                      {[]v1.Descriptor{a}, nil},
	} {
		index := s.index("x", "", test.entries...)
		image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x@"+index.Digest.String(), "")
		if diff := cmp.Diff(test.want, image.Featured); diff != "" || image.Digest != a.Digest.String() {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAnIndexWithoutTheImageSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	arm := s.image("x", "", "linux/arm64", []byte("arm"))
	amd := s.image("x", "", "linux/amd64", []byte("amd"))
	nydus := labelled(amd, v1.Platform{OS: "linux", Architecture: "amd64", OSFeatures: []string{"b", "a"}})
	for name, test := range map[string]struct {
		entries []v1.Descriptor
		kind    failure.Kind
		says    string
	}{
		"another platform and an artifact": {
			[]v1.Descriptor{arm, unlabelled(s.artifact("x"))}, failure.NoPlatform, "only linux/arm64",
		},
		"another platform without a label": {[]v1.Descriptor{unlabelled(arm)}, failure.NoPlatform, "only linux/arm64"},
		"features that no node has":        {[]v1.Descriptor{nydus}, failure.NoPlatform, "only linux(+a+b)/amd64"},
		"artifacts": {
			[]v1.Descriptor{unlabelled(s.artifact("x"))}, failure.NotAnImage,
			"application/vnd.cncf.helm.config.v1+json",
		},
		"an empty platform": {
			[]v1.Descriptor{labelled(amd, v1.Platform{})}, failure.NoPlatform, "no such platform: linux/amd64",
		},
	} {
		index := s.index("x", "", test.entries...)
		_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x@"+index.Digest.String(), "")
		if e := assertKind(t, err, test.kind); !strings.Contains(e.Error(), test.says) {
			t.Errorf("%s: %v", name, e)
		}
	}
	s.manifest("x", "chart", types.OCIManifestSchema1, v1.Manifest{SchemaVersion: 2, Config: v1.Descriptor{
		MediaType: "application/vnd.cncf.helm.config.v1+json", Size: 6, Digest: described("", []byte("values")).Digest,
	}})
	_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x:chart", "")
	assertKind(t, err, failure.NotAnImage)
}

// TestAnImageWithAnArtifactTypeIsAnImage: artifactType and subject (OCI image-spec 1.1) are no
// reason to refuse it.
func TestAnImageWithAnArtifactTypeIsAnImage(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	config := s.blob(
		"x",
		asJSON(t, map[string]any{
			"os": "linux", "architecture": "amd64", "rootfs": map[string]any{"diff_ids": []string{someDigest}},
		}),
	)
	config.MediaType, config.Data = types.OCIConfigJSON, []byte("{}")
	d := s.manifest("x", "1", types.OCIManifestSchema1, map[string]any{
		"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "artifactType": "application/vnd.example+type",
		"config":  config,
		"layers":  []v1.Descriptor{s.blob("x", []byte("layer"))},
		"subject": described(types.OCIManifestSchema1, []byte("x")),
	})
	image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "")
	if image.Digest != d.Digest.String() || len(image.Layers) != 1 || image.HasAlternatives() {
		t.Errorf("%+v", image)
	}
}
