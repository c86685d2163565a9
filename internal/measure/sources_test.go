package measure_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// tarOf is a tar of files of these sizes.
func tarOf(t *testing.T, sizes ...int64) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i, size := range sizes {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprint(i), Size: size, Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func uncompressed(tarball []byte) *blob {
	sum := sha256.Sum256(tarball)
	diffID := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	return &blob{Layer: static.NewLayer(tarball, types.OCIUncompressedLayer), diffID: diffID, size: int64(len(tarball))}
}

// serving answers requests for a layer that match with other bytes.
func serving(
	path string, content []byte, match func(r *http.Request) bool,
) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, path) || !match(r) {
			return false
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		return true
	}
}

// TestRangesCountForTheRepositoryThatServedThem: of one digest, a registry serves the bytes, and
// another one other bytes behind ranges, which no digest verifies. So does another repository of
// the first registry.
func TestRangesCountForTheRepositoryThatServedThem(t *testing.T) {
	t.Parallel()
	const length = 12 << 20
	honest, lying := tarOf(t, length), tarOf(t, length/3+512, length-length/3-1024)
	if len(honest) != len(lying) {
		t.Fatalf("%d and %d bytes", len(honest), len(lying))
	}
	l := uncompressed(honest)
	one, two := newStore(t), newStore(t)
	images := []string{one.push(t, "a/x:v1", l), two.push(t, "a/x:v1", l), one.push(t, "other/x:v1", l)}
	two.meet(serving(digest(t, l), lying, isRange))
	one.meet(serving("/other/x/blobs/"+digest(t, l), lying, isRange))

	alone := map[string]*measure.Report{}
	for _, image := range images {
		alone[image] = told(t, nil, measure.Sample, image)
		if !alone[image].Exact {
			t.Fatalf("%s: %s is not exact", image, answered(alone[image]))
		}
	}
	for _, order := range [][2]int{{0, 1}, {1, 0}, {0, 2}, {2, 0}} {
		first, second := images[order[0]], images[order[1]]
		if answered(alone[first]) == answered(alone[second]) {
			t.Fatalf("the other bytes make no difference: %s", answered(alone[first]))
		}
		kept := store.Open(t.TempDir())
		told(t, kept, measure.Sample, first)
		if after := told(t, kept, measure.Sample, second); answered(after) != answered(alone[second]) {
			t.Errorf("%s after %s: %s\nalone: %s", second, first, answered(after), answered(alone[second]))
		}
		for _, kept := range []*store.Store{nil, kept} {
			both := told(t, kept, measure.Sample, first, second)
			if answeredOf(both, 0) != answered(alone[first]) || answeredOf(both, 1) != answered(alone[second]) {
				t.Errorf("%s beside %s: %s and %s\nalone: %s and %s", first, second,
					answeredOf(both, 0), answeredOf(both, 1), answered(alone[first]), answered(alone[second]))
			}
			// The layer is unpacked once: one of the two is right, and nothing says which.
			least, most := alone[images[0]].RequiredBytes, alone[images[1]].RequiredBytes
			got := both.RequiredBytes
			if both.Exact || both.Inodes != nil || got.Max-got.Min != most.Max-least.Min || got.Value != got.Max {
				t.Errorf("%s beside %s: %+v, exact %v, alone %+v and %+v", first, second, got, both.Exact, least, most)
			}
		}
	}
}

// TestAStreamCountsForEveryRepository, since the digest verified it: it is read once in one plan,
// and not again in the next.
func TestAStreamCountsForEveryRepository(t *testing.T) {
	t.Parallel()
	l := uncompressed(tarOf(t, 3<<20))
	one, two := newStore(t), newStore(t)
	images := []string{one.push(t, "a/x:v1", l), two.push(t, "b/x:v1", l)}
	for _, mode := range []measure.Mode{measure.Auto, measure.Full} {
		one.since()
		two.since()
		kept := store.Open(t.TempDir())
		both := told(t, kept, mode, images...)
		if n := count(append(one.since(), two.since()...), digest(t, l)); n != 1 {
			t.Errorf("%s: the layer was read %d times", mode, n)
		}
		method := both.Images[0].Measurements[0].Method
		if !both.Exact || answeredOf(both, 0) != answeredOf(both, 1) || method != layersize.MethodStreamed {
			t.Errorf("%s: %s and %s, exact %v", mode, answeredOf(both, 0), answeredOf(both, 1), both.Exact)
		}
		for _, image := range images {
			if again := told(t, kept, mode, image); answered(again) != answered(both) {
				t.Errorf("%s: %s, then %s", mode, answered(both), answered(again))
			}
		}
		if n := count(append(one.since(), two.since()...), digest(t, l)); n != 0 {
			t.Errorf("%s: the layer was read %d times more", mode, n)
		}
	}
}

// TestARefusedStreamCountsForTheRepositoryThatServedIt: its digest was not verified when its window
// was read.
func TestARefusedStreamCountsForTheRepositoryThatServedIt(t *testing.T) {
	t.Parallel()
	_, tarball := indexable(t, 1)
	l, large := zstdLayer(t, tarball), zstdLayer(t, tarball, zstd.WithWindowSize(256<<20))
	body, err := large.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	lie := bytes.NewBuffer(nil)
	if _, err := lie.ReadFrom(body); err != nil {
		t.Fatal(err)
	}
	one, two := newStore(t), newStore(t)
	honest, lying := one.push(t, "a/x:v1", l), two.push(t, "a/x:v1", l)
	always := func(*http.Request) bool { return true }
	two.meet(serving(digest(t, l), append(lie.Bytes(), make([]byte, l.size)...)[:l.size], always))
	kept := store.Open(t.TempDir())
	if refused := told(t, kept, measure.Auto, lying); refused.Exact {
		t.Fatalf("the stream was not refused: %s", answered(refused))
	}
	after, alone := told(t, kept, measure.Auto, honest), told(t, nil, measure.Auto, honest)
	if answered(after) != answered(alone) || !after.Exact {
		t.Errorf("after the refusal elsewhere: %s\nalone: %s", answered(after), answered(alone))
	}
}

// TestManifestsThatDisagreeOnALayerAreMeasuredByTheirOwnWord: one calls the layer a tar, the other
// one does not.
func TestManifestsThatDisagreeOnALayerAreMeasuredByTheirOwnWord(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	tarball := tarOf(t, 3<<20)
	l := packed(t, tarball)
	body, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	if _, err := content.ReadFrom(body); err != nil {
		t.Fatal(err)
	}
	other := &blob{Layer: static.NewLayer(content.Bytes(), types.OCIUncompressedLayer), diffID: l.diffID, size: l.size}
	images := []string{s.push(t, "a/x:v1", l), s.push(t, "a/x:v2", other)}
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		both := told(t, nil, measure.Manifest, images[order[0]], images[order[1]])
		for i := range order {
			alone := told(t, nil, measure.Manifest, images[order[i]])
			if answeredOf(both, i) != answered(alone) {
				t.Errorf("%s beside the other: %s, alone: %s", images[order[i]], answeredOf(both, i), answered(alone))
			}
		}
	}
}

// TestImpossibleNumbersAreMeasuredAnew: what is kept lies in files, and files can be changed.
func TestImpossibleNumbersAreMeasuredAnew(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	image := s.push(t, "a/x:v1", packed(t, tarOf(t, 3<<20)))
	interval := func(value, least, most int64) string {
		return fmt.Sprintf(`{"Value":%d,"Min":%d,"Max":%d}`, value, least, most)
	}
	measurement := func(unpacked, disk, inodes, likely, method, exact string) string {
		return fmt.Sprintf(`{"UnpackedBytes":%s,"DiskBytes":%s,"Inodes":%s,"LikelyInodes":%s,"Method":%q,"Exact":%s}`,
			unpacked, disk, inodes, likely, method, exact)
	}
	sound := interval(4096, 4096, 4096)
	changed := measurement(sound, sound, "2", "2", "streamed", "true")
	for name, lie := range map[string]string{
		"a negative size":            measurement(interval(4096, -1, 4096), sound, "2", "2", "streamed", "false"),
		"a value below its bounds":   measurement(sound, interval(1, 4096, 8192), "2", "2", "sampled", "false"),
		"a value above its bounds":   measurement(sound, interval(9000, 4096, 8192), "2", "2", "sampled", "false"),
		"bounds that are exchanged":  measurement(sound, interval(5000, 8192, 4096), "2", "2", "sampled", "false"),
		"more than any disk":         measurement(sound, interval(4096, 4096, 1<<62), "2", "2", "sampled", "false"),
		"more than a number holds":   strings.Replace(changed, "4096", "99999999999999999999", 1),
		"exact with bounds":          measurement(sound, interval(4096, 4096, 8192), "2", "2", "streamed", "true"),
		"exact without a count":      measurement(sound, sound, "null", "2", "streamed", "true"),
		"fewer than no inodes":       measurement(sound, sound, "null", "-1", "sampled", "false"),
		"more inodes than any disk":  measurement(sound, sound, "null", "9000000000000000000", "sampled", "false"),
		"two counts":                 measurement(sound, sound, "2", "3", "streamed", "true"),
		"a method that there is not": measurement(sound, sound, "2", "2", "guessed", "true"),
		"no method":                  measurement(sound, sound, "2", "2", "", "true"),
		"nothing":                    "",
		"null":                       "null",
		"a list":                     "[]",
	} {
		for _, mode := range []measure.Mode{measure.Full, measure.Sample} {
			dir := t.TempDir()
			kept := store.Open(dir)
			want := answered(told(t, kept, mode, image))
			key := keyOfMeasurement(t, dir)
			kept.Put(key, []byte(changed))
			if got := answered(told(t, kept, mode, image)); got == want {
				t.Fatalf("what is kept under %s does not count", key)
			}
			kept.Put(key, []byte(lie))
			if got := answered(told(t, kept, mode, image)); got != want {
				t.Errorf("%s, %s: %s, want %s", name, mode, got, want)
			}
			if anew, _ := kept.Get(key); string(anew) == lie {
				t.Errorf("%s, %s: it is still there", name, mode)
			}
		}
	}
}

// keyOfMeasurement is the key of the one measurement in a folder, from the header of its entry.
func keyOfMeasurement(t *testing.T, dir string) string {
	t.Helper()
	entries, err := filepath.Glob(filepath.Join(dir, "*", "*.kept"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(entry)
		if err != nil {
			t.Fatal(err)
		}
		header, payload, _ := strings.Cut(string(content), "\n")
		if strings.HasPrefix(payload, `{"UnpackedBytes"`) {
			header = header[:strings.LastIndex(header, " ")]
			return strings.SplitN(header, " ", 3)[2]
		}
	}
	t.Fatal("nothing is kept")
	return ""
}
