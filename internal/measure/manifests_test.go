package measure_test

import (
	"io"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// entry is an image for linux/amd64, with features of the operating system.
func entry(image v1.Image, features ...string) mutate.IndexAddendum {
	return mutate.IndexAddendum{
		Add:        image,
		Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64", OSFeatures: features}},
	}
}

func (s *recordingRegistry) pushIndex(t *testing.T, repository string, entries ...mutate.IndexAddendum) string {
	t.Helper()
	index := mutate.AppendManifests(empty.Index, entries...)
	reference := s.host + "/" + repository
	tag, err := name.NewTag(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(tag, index, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	return reference
}

// TestAnIndexWithSeveralManifestsOfOnePlatformCountsThemAll: containerd 2.4.2 unpacks each, and
// containerd 1.6 the first.
func TestAnIndexWithSeveralManifestsOfOnePlatformCountsThemAll(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	base := layer(t, 1, imagetest.File{Name: "base", Size: 100_000, Like: imagetest.Noise})
	one := layer(t, 2, imagetest.File{Name: "one", Size: 200_000, Like: imagetest.Noise})
	two := layer(t, 3, imagetest.File{Name: "two", Size: 300_000, Like: imagetest.Noise})
	first, second := imageOf(t, base, one), imageOf(t, base, two)
	both := full(t, s.pushIndex(t, "a/both:v1", entry(first), entry(second)))
	alone := full(t, s.pushIndex(t, "a/alone:v1", entry(first)))

	image := both.Images[0]
	if len(image.Manifests) != 2 || image.Manifests[0] != image.Digest || image.Manifests[1] != digestOf(t, second) {
		t.Errorf("manifests %q of %s", image.Manifests, image.Digest)
	}
	if len(image.Layers) != 3 || len(image.Measurements) != 3 {
		t.Errorf("%d layers, %d measurements", len(image.Layers), len(image.Measurements))
	}
	more := both.RequiredBytes.Value - alone.RequiredBytes.Value
	unpacked := image.Measurements[2].DiskBytes.Value + 2*disksize.BlockSize
	documents := int64(2) * disksize.BlockSize // another manifest and another configuration
	if want := unpacked + disksize.Blocks(size(t, two)) + documents; more != want {
		t.Errorf("%d bytes more than the first alone, want %d", more, want)
	}
	if both.RequiredBytes.Min != alone.RequiredBytes.Value || both.RequiredBytes.Max != both.RequiredBytes.Value {
		t.Errorf("bounds %+v, where the first alone needs %d", both.RequiredBytes, alone.RequiredBytes.Value)
	}
	if both.Exact || !alone.Exact {
		t.Errorf("exact: both %v, alone %v", both.Exact, alone.Exact)
	}
}

// TestAnotherPackingOfAnImageIsABlobMore: what unpacks to the same directories is unpacked once,
// and measured once.
func TestAnotherPackingOfAnImageIsABlobMore(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	gzip := layer(t, 1, imagetest.File{Name: "a", Size: 200_000, Like: imagetest.Noise})
	plain := uncompressed(unpackedOf(t, gzip))
	reference := s.pushIndex(t, "a/x:v1", entry(imageOf(t, gzip)), entry(imageOf(t, plain)))
	s.since()
	report := full(t, reference)
	for _, request := range s.since() {
		if request == "GET /v2/a/x/blobs/"+digest(t, plain) {
			t.Error("the other packing was read")
		}
	}
	image := report.Images[0]
	if len(image.Layers) != 1 || len(image.Blobs) != 1 || image.Blobs[0].Digest != digest(t, plain) {
		t.Errorf("layers %+v, blobs %+v", image.Layers, image.Blobs)
	}
	if want := size(t, gzip) + size(t, plain); image.CompressedBytes != want || image.UnpackedBytes != size(t, plain) {
		t.Errorf("compressed %d, want %d; unpacked %d", image.CompressedBytes, want, image.UnpackedBytes)
	}
	if report.UnpackedBytes != (layersize.Interval{Value: size(t, plain), Min: size(t, plain), Max: size(t, plain)}) {
		t.Errorf("unpacked %+v", report.UnpackedBytes)
	}
}

// TestAnImageThatSomeVersionsPassOverIsNotExact: which manifest is pulled depends on the version.
func TestAnImageThatSomeVersionsPassOverIsNotExact(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	one := imageOf(t, layer(t, 1, imagetest.File{Name: "one", Size: 1000}))
	two := imageOf(t, layer(t, 2, imagetest.File{Name: "two", Size: 5000}))
	first := full(t, s.pushIndex(t, "a/first:v1", entry(one, "nydus.remoteimage.v1"), entry(two)))
	behind := full(t, s.pushIndex(t, "a/behind:v1", entry(two), entry(one, "nydus.remoteimage.v1")))
	if first.Exact || behind.Exact || first.Images[0].Digest != digestOf(t, two) {
		t.Errorf("exact: first %v, behind %v", first.Exact, behind.Exact)
	}
	alone := full(t, s.pushIndex(t, "a/alone:v1", entry(two)))
	if behind.RequiredBytes.Max <= alone.RequiredBytes.Max {
		t.Errorf("%d bytes with the manifest that some versions fetch too, %d without",
			behind.RequiredBytes.Max, alone.RequiredBytes.Max)
	}
}

// TestABlobThatAnImageHoldsOftenIsOneBlob, however many layers it unpacks to.
func TestABlobThatAnImageHoldsOftenIsOneBlob(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	again := layer(t, 1, imagetest.File{Name: "a", Size: 10_000, Like: imagetest.Noise})
	layers := make([]v1.Layer, 0, 100)
	for range cap(layers) {
		layers = append(layers, again)
	}
	reference := s.host + "/a/x:v1"
	if _, err := imagetest.Push(t.Context(), reference, imageOf(t, layers...)); err != nil {
		t.Fatal(err)
	}
	report := full(t, reference)
	image := report.Images[0]
	if image.CompressedBytes != size(t, again) || !report.Exact || len(image.Layers) != len(layers) {
		t.Errorf("%d bytes of %d layers, exact %v", image.CompressedBytes, len(image.Layers), report.Exact)
	}
	disk := image.Measurements[0].DiskBytes.Value
	documents := disksize.Blocks(image.Metadata[0].Size) + disksize.Blocks(image.Metadata[1].Size)
	want := documents + disksize.Blocks(size(t, again)) + int64(len(layers))*(disk+2*disksize.BlockSize)
	if report.RequiredBytes.Value != want {
		t.Errorf("%d bytes, want %d", report.RequiredBytes.Value, want)
	}
}

func unpackedOf(t *testing.T, l v1.Layer) []byte {
	t.Helper()
	content, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	all, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func full(t *testing.T, reference string) *measure.Report {
	t.Helper()
	report, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, reference))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func digestOf(t *testing.T, image v1.Image) string {
	t.Helper()
	d, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}
