package measure_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// zstdLayer is a Zstandard layer in memory, with a window of 8 MiB and no word on its length.
func zstdLayer(t *testing.T, tarball []byte, options ...zstd.EOption) *blob {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(
		&out,
		append([]zstd.EOption{zstd.WithWindowSize(8 << 20), zstd.WithEncoderConcurrency(1)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, bytes.NewReader(tarball)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(tarball)
	diffID := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	return &blob{Layer: static.NewLayer(out.Bytes(), types.OCILayerZStd), diffID: diffID, size: int64(out.Len())}
}

// tarOfText returns a tar of one file that compresses two to one.
func tarOfText(t *testing.T, size int64) []byte {
	t.Helper()
	text := layer(t, 1, imagetest.File{Name: "app/text", Size: size, Like: imagetest.Text})
	unpacked, err := text.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer unpacked.Close()
	tarball, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	return tarball
}

// told measures images in one reading.
func told(t *testing.T, kept *store.Store, mode measure.Mode, images ...string) *measure.Report {
	t.Helper()
	report, err := measurer(t, kept).Measure(t.Context(), request(mode, images...))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestWhatAManifestClaimsCountsForItAlone: two images hold the same layer, and the descriptor in
// one of them, or an index in its repository, makes a false claim that no check can detect. The
// other image is not measured by it, neither after the false one nor beside it.
func TestWhatAManifestClaimsCountsForItAlone(t *testing.T) {
	t.Parallel()
	s := watched(t)
	l, _ := indexableInSpans(t, 1, largeSpan)
	honest, misindexed := s.host+"/claims/honest:v1", s.host+"/claims/indexed:v1"
	pushed(t, honest, imageOf(t, l))
	// A Zstandard stream has no trailer that would disclose the false size. A probe decodes some of
	// its blocks, and blocks may be short: a size that is a little too small is within the bounds,
	// and is believed.
	tarball := tarOfText(t, 8<<20)
	sized := zstdLayer(t, tarball)
	bare, missized := s.host+"/claims/bare:v1", s.host+"/claims/missized:v1"
	pushed(t, bare, imageOf(t, sized))
	pushed(t, missized, annotatedImage(t, sized, map[string]string{umociSize: fmt.Sprint(len(tarball) - 4096)}))
	lie := ztocOf(l)
	for i := range lie.Files[200:] { // behind what the check unpacks of a large span
		lie.Files[200+i].Name = "app/same"
	}
	attach(t, s, "claims/indexed", imageOf(t, l), map[v1.Layer][]byte{l: lie.Bytes()})

	for name, test := range map[string]struct {
		mode          measure.Mode
		honest, lying string
	}{
		"a size, nothing read": {measure.Manifest, bare, missized},
		"a size":               {measure.Sample, bare, missized},
		"an index":             {measure.Sample, honest, misindexed},
	} {
		honest := test.honest
		alone, lied := told(t, nil, test.mode, honest), told(t, nil, test.mode, test.lying)
		if answered(alone) == answered(lied) {
			t.Fatalf("%s: the lie makes no difference: %s", name, answered(alone))
		}
		for _, order := range [][2]string{{honest, test.lying}, {test.lying, honest}} {
			kept := store.Open(t.TempDir())
			told(t, kept, test.mode, order[0])
			want := map[string]*measure.Report{honest: alone, test.lying: lied}[order[1]]
			if after := told(t, kept, test.mode, order[1]); answered(after) != answered(want) {
				t.Errorf("%s: after %s: %s\nalone: %s", name, order[0], answered(after), answered(want))
			}
		}
		first, second := told(t, nil, test.mode, honest, test.lying), told(t, nil, test.mode, test.lying, honest)
		if answeredOf(first, 0) != answeredOf(second, 1) || answeredOf(first, 1) != answeredOf(second, 0) ||
			first.RequiredBytes != second.RequiredBytes {
			t.Errorf(
				"%s: the order of the images decides: %+v\nthe other way round: %+v",
				name,
				first.RequiredBytes,
				second.RequiredBytes,
			)
		}
		if answered(first) != answered(alone) {
			t.Errorf("%s: beside a false claim: %s\nalone: %s", name, answered(first), answered(alone))
		}
	}
}

// lookedAt keeps a look at the referrers of a report's image, as if it had been made so long from
// now; without an index it found none.
func lookedAt(kept *store.Store, r *measure.Report, from time.Duration, index string) {
	image := r.Images[0]
	kept.Put(
		"SOCI index of "+image.Repository+"@"+image.Digest,
		fmt.Appendf(nil, `{"At":%q,"Index":{"Digest":%q,"Size":-1}}`,
			time.Now().UTC().Add(from).Format(time.RFC3339), index),
	)
}

// TestAnIndexThatIsAttachedLaterIsFound, though not on the same day.
func TestAnIndexThatIsAttachedLaterIsFound(t *testing.T) {
	t.Parallel()
	s := watched(t)
	l, _ := indexable(t, 1)
	reference, kept := s.host+"/later/x:v1", store.Open(t.TempDir())
	pushed(t, reference, imageOf(t, l))
	bare := told(t, kept, measure.Sample, reference)
	attach(t, s, "later/x", imageOf(t, l), map[v1.Layer][]byte{l: ztocOf(l).Bytes()})
	fresh := told(t, nil, measure.Sample, reference)
	if answered(bare) == answered(fresh) {
		t.Fatal("the index makes no difference")
	}
	for look, want := range map[time.Duration]*measure.Report{
		-time.Hour: bare, -25 * time.Hour: fresh, 25 * time.Hour: fresh,
	} {
		lookedAt(kept, bare, look, "")
		if got := told(t, kept, measure.Sample, reference); answered(got) != answered(want) {
			t.Errorf("looked %s from now: %s, want %s", look, answered(got), answered(want))
		}
	}
}

// TestAnIndexIsLookedForAgainAfterADay: until then a plan costs the tag alone, and what was kept
// answers if the index is gone by then.
func TestAnIndexIsLookedForAgainAfterADay(t *testing.T) {
	t.Parallel()
	s := watched(t)
	l, _ := indexable(t, 1)
	index := attach(t, s, "again/x", imageOf(t, l), map[v1.Layer][]byte{l: ztocOf(l).Bytes()})
	reference, kept := s.host+"/again/x:v1", store.Open(t.TempDir())
	first := told(t, kept, measure.Sample, reference)
	if first.Images[0].Measurements[0].Method != layersize.MethodTOC {
		t.Fatal(answered(first))
	}
	for _, test := range []struct {
		look     time.Duration
		index    string
		requests int // for the tag; and for the list of referrers, by the API and by its tag
	}{{-23 * time.Hour, index, 1}, {-25 * time.Hour, index, 3}, {-25 * time.Hour, "", 3}} {
		lookedAt(kept, first, test.look, test.index)
		s.since()
		got := told(t, kept, measure.Sample, reference)
		if asked := s.since(); len(asked) != test.requests || answered(got) != answered(first) {
			t.Errorf(
				"looked %s from now: %s, %d requests, want %d: %v",
				test.look,
				answered(got),
				len(asked),
				test.requests,
				asked,
			)
		}
	}
	// An index that is gone counts as none.
	lookedAt(kept, first, -time.Hour, "sha256:"+strings.Repeat("0", 64))
	if got := told(t, kept, measure.Sample, reference); got.Images[0].Measurements[0].Method == layersize.MethodTOC {
		t.Error(answered(got))
	}
}

// TestAnotherImageOfTheSameLayerFindsWhatIsKept in its repository: annotations that say nothing of
// a size do not part them.
func TestAnotherImageOfTheSameLayerFindsWhatIsKept(t *testing.T) {
	t.Parallel()
	s := watched(t)
	l, _ := indexable(t, 1)
	one, two := s.host+"/shared/x:one", s.host+"/shared/x:two"
	pushed(t, one, imageOf(t, l))
	pushed(t, two, annotatedImage(t, l, map[string]string{"org.example.built-by": "another builder"}))
	kept := store.Open(t.TempDir())
	first := told(t, kept, measure.Sample, one)
	s.since()
	second := told(t, kept, measure.Sample, two)
	if asked := s.since(); count(asked, digest(t, l)) != 0 {
		t.Errorf("the layer was read again: %v", asked)
	}
	if answered(first) != answered(second) || second.Images[0].Measurements[0].Method == layersize.MethodRatio {
		t.Errorf("%s, then %s", answered(first), answered(second))
	}
}
