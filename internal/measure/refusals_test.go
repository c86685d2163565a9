package measure_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// entries is a gzip layer of these headers, without content.
func entries(t *testing.T, headers ...tar.Header) *blob {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		h.Mode = 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed(t, out.Bytes())
}

func named(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }

func measured(t *testing.T, mode measure.Mode, images ...string) *measure.Report {
	t.Helper()
	report, err := measurer(t, nil).Measure(t.Context(), request(mode, images...))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestWhatContainerdRefusesIsNeverExactInAnyMode(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	base := entries(t, named("base"))
	refused := entries(t, tar.Header{Typeflag: tar.TypeLink, Name: "l", Linkname: "base"})
	image := s.push(t, "a/x:v1", base, refused)
	want := []measure.Refusal{
		{
			Image:   image,
			Digest:  digest(t, refused),
			Refusal: layersize.Refusal{Entry: `"l"`, Reason: layersize.RefusedLink},
		},
	}
	for _, mode := range []measure.Mode{measure.Sample, measure.Auto, measure.Full} {
		report := measured(t, mode, image)
		if report.Exact || !slices.Equal(report.Refusals, want) {
			t.Errorf("%s: exact %v, refusals %+v, want %+v", mode, report.Exact, report.Refusals, want)
		}
		if of := report.Images[0].Measurements; !of[0].Exact || of[1].Exact {
			t.Errorf("%s: exact are %v and %v", mode, of[0].Exact, of[1].Exact)
		}
	}
}

// TestNoSecretIsReadInTheNameOfAnEntry, wherever the name is cut: it is shortened after secrets in
// it are redacted.
func TestNoSecretIsReadInTheNameOfAnEntry(t *testing.T) {
	t.Parallel()
	const secret = "canary-Passw0rd-of-some-length"
	s := newStore(t)
	for at := 30; at < 130; at += 10 {
		name := strings.Repeat("n", at) + secret + strings.Repeat("n", 300-at)
		m := measurer(t, nil)
		m.Secrets = &redact.Secrets{}
		m.Secrets.Add(secret)
		report, err := m.Measure(
			t.Context(),
			request(measure.Full, s.push(t, fmt.Sprintf("a/x:%d", at), entries(t, named(name)))),
		)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Refusals) != 1 || strings.Contains(report.Refusals[0].Entry, "canary") ||
			len(report.Refusals[0].Entry) > 200 {
			t.Errorf("at %d: %+v", at, report.Refusals)
		}
	}
}

// TestALayerOfAnotherTarIsRefused: the configuration names the tar, so that one image may be
// refused and another not.
func TestALayerOfAnotherTarIsRefused(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	right := entries(t, named("a"))
	wrong := &blob{
		Layer:  right.Layer,
		diffID: v1.Hash{Algorithm: "sha256", Hex: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		size:   right.size,
	}
	images := []string{s.push(t, "a/right:v1", right), s.push(t, "a/wrong:v1", wrong)}
	report := measured(t, measure.Full, images...)
	want := []measure.Refusal{
		{Image: images[1], Digest: digest(t, right), Refusal: layersize.Refusal{Reason: layersize.RefusedDiffID}},
	}
	if report.Exact || !slices.Equal(report.Refusals, want) {
		t.Errorf("exact %v, refusals %+v, want %+v", report.Exact, report.Refusals, want)
	}
	if !measured(t, measure.Full, images[0]).Exact {
		t.Error("the right one alone is not exact")
	}
}

// TestWhiteoutsInTheLowestLayerLeaveNothing: seen with containerd 1.6.20, which makes devices of
// them above.
func TestWhiteoutsInTheLowestLayerLeaveNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	base, hides := entries(t, named("base")), entries(t, named("x"), named(".wh.x"), named(".wh.y"))
	below, above := s.push(t, "a/below:v1", hides), s.push(t, "a/above:v1", base, hides)

	alone := measured(t, measure.Full, below)
	if alone.Exact || len(alone.Refusals) > 0 || *alone.Images[0].Measurements[0].Inodes != 1 {
		t.Errorf(
			"below: exact %v, refusals %+v, %d inodes",
			alone.Exact,
			alone.Refusals,
			*alone.Images[0].Measurements[0].Inodes,
		)
	}
	second := measured(t, measure.Full, above)
	if second.Exact || len(second.Refusals) != 1 || second.Refusals[0].Reason != layersize.RefusedWhiteoutTwice {
		t.Errorf("above: exact %v, refusals %+v", second.Exact, second.Refusals)
	}
	if inodes := *second.Images[0].Measurements[1].Inodes; inodes != 3 {
		t.Errorf("above: %d inodes, want the root and two devices", inodes)
	}
}

// TestAnOpaqueDirectoryInTheLowestLayerRemovesWhatIsNotListed: seen with containerd 1.6.20.
func TestAnOpaqueDirectoryInTheLowestLayerRemovesWhatIsNotListed(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	image := s.push(t, "a/opaque:v1", entries(t, named("q/r/x"), named("q/.wh..wh..opq")))
	report := measured(t, measure.Full, image)
	of := report.Images[0].Measurements[0]
	if left := int64(2 * block); report.Exact || of.Exact || of.DiskBytes.Min > left || of.DiskBytes.Max < left {
		t.Errorf("exact %v, %+v, and the root and q are left", report.Exact, of.DiskBytes)
	}
}

func TestWhatAManifestSaysIsRefusedInEveryMode(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	data, err := entries(t, named("a")).Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	content := new(bytes.Buffer)
	if _, err := content.ReadFrom(data); err != nil {
		t.Fatal(err)
	}
	typed := entries(t, named("a"))
	typed.Layer = static.NewLayer(content.Bytes(), "application/vnd.docker.image.rootfs.diff.tar.zstd")
	image := s.push(t, "a/x:v1", typed)
	for _, mode := range measure.Modes {
		report := measured(t, mode, image)
		if report.Exact || len(report.Refusals) != 1 || report.Refusals[0].Reason != layersize.RefusedRecent {
			t.Errorf("%s: exact %v, refusals %+v", mode, report.Exact, report.Refusals)
		}
	}
}

func TestAForeignLayerThatIsNotThereIsSaidToBeForeign(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	foreign := layer(t, 1, imagetest.File{Name: "a", Size: 300_000, Like: imagetest.Noise})
	image := s.push(t, "a/x:v1", restricted{foreign})
	_, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, image))
	if !errors.Is(err, measure.ErrForeign) || !errors.Is(err, failure.NotFound) {
		t.Errorf("full: %v", err)
	}
	if report := measured(t, measure.Manifest, image); report.Exact {
		t.Error("manifest calls it exact")
	}
}

// restricted is a layer that go-containerregistry does not push.
type restricted struct{ v1.Layer }

func (restricted) MediaType() (types.MediaType, error) { return types.OCIRestrictedLayer, nil }
