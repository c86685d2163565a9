package measure_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

const umociSize = "ci.umo.uncompressed_blob_size"

// impatient is a measurer whose registry client tries everything once.
func impatient(t *testing.T, kept *store.Store, hosts map[string]transport.Host) *measure.Measurer {
	t.Helper()
	config := registry.Config{Transport: transport.Config{
		DockerConfigDir: t.TempDir(), Hosts: hosts, Retry: transport.Retry{Max: -1},
	}}
	if kept != nil {
		config.Manifests = kept
	}
	client, err := registry.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &measure.Measurer{Registry: client, Store: kept}
}

// annotatedImage has one layer, whose descriptor has annotations.
func annotatedImage(t *testing.T, l v1.Layer, annotations map[string]string) v1.Image {
	t.Helper()
	image, err := mutate.Append(imageOf(t), mutate.Addendum{Layer: l, Annotations: annotations})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// answered is what a measurement says of the layer, without a word on how it came about.
func answered(r *measure.Report) string { return answeredOf(r, 0) }

// answeredOf is that of another image's layer.
func answeredOf(r *measure.Report, image int) string {
	m := r.Images[image].Measurements[0]
	inodes := int64(-1)
	if m.Inodes != nil {
		inodes = *m.Inodes
	}
	return fmt.Sprintf("%s: %+v, %+v on the disk, %d inodes", m.Method, m.UnpackedBytes, m.DiskBytes, inodes)
}

func failing(match func(r *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if match(r) {
			http.Error(w, "come back later", http.StatusServiceUnavailable)
			return true
		}
		return false
	}
}

func isRange(r *http.Request) bool { return r.Header.Get("Range") != "" }

// afterRanges lets some ranges through.
func afterRanges(n int) func(r *http.Request) bool {
	var mu sync.Mutex
	return func(r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if isRange(r) {
			n--
		}
		return isRange(r) && n < 0
	}
}

// TestAPassingFaultIsNotKept: once the registry is well again, a machine that met the fault plans
// as one that never did.
func TestAPassingFaultIsNotKept(t *testing.T) {
	t.Parallel()
	s := watched(t)
	l, tarball := indexable(t, 1)
	plain := &blob{
		Layer:  static.NewLayer(tarball, types.OCIUncompressedLayer),
		diffID: l.diffID,
		size:   int64(len(tarball)),
	}
	ztoc := ztocOf(l).Bytes()
	table := digest(t, static.NewLayer(ztoc, "application/octet-stream"))

	pushed(t, s.host+"/fault/bare:v1", imageOf(t, l))
	pushed(
		t,
		s.host+"/fault/annotated:v1",
		annotatedImage(t, l, map[string]string{umociSize: fmt.Sprint(len(tarball))}),
	)
	pushed(t, s.host+"/fault/plain:v1", imageOf(t, plain))
	attach(t, s, "fault/indexed", imageOf(t, l), map[v1.Layer][]byte{l: ztoc})
	for name, test := range map[string]struct {
		repository string
		meets      func(r *http.Request) bool
	}{
		"no ranges of a bare layer":       {"fault/bare", isRange},
		"few ranges of a bare layer":      {"fault/bare", afterRanges(1)},
		"some ranges of a bare layer":     {"fault/bare", afterRanges(2)},
		"no ranges of an annotated layer": {"fault/annotated", isRange},
		"no ranges of a tar":              {"fault/plain", isRange},
		"few ranges of a tar":             {"fault/plain", afterRanges(2)},
		"no referrers": {
			"fault/indexed", func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/referrers/") },
		},
		"no zTOC": {
			"fault/indexed", func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, table) },
		},
		"no ranges to check a zTOC by": {"fault/indexed", isRange},
	} {
		reference, kept := s.host+"/"+test.repository+":v1", store.Open(t.TempDir())
		s.meet(failing(test.meets))
		faulty := sampled(t, impatient(t, kept, nil), reference)
		s.meet(nil)
		after, fresh := sampled(t, impatient(t, kept, nil), reference), sampled(t, impatient(t, nil, nil), reference)
		if answered(faulty) == answered(fresh) || faulty.Images[0].Measurements[0].Fault == nil {
			t.Errorf(
				"%s: the fault made no difference, or was not reported: %+v",
				name,
				faulty.Images[0].Measurements[0],
			)
		}
		if answered(after) != answered(fresh) || after.Images[0].Measurements[0].Fault != nil {
			t.Errorf("%s: after it %s\nwithout it %s", name, answered(after), answered(fresh))
		}
		s.since()
		again := sampled(t, impatient(t, kept, nil), reference)
		if answered(again) != answered(fresh) || len(s.since()) > 3 {
			t.Errorf("%s: what came afterwards was not kept", name)
		}
	}
}

// TestALogSaysWhyABetterSourceWasPassedOver, and holds no secret that a registry says back.
func TestALogSaysWhyABetterSourceWasPassedOver(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l, _ := indexable(t, 1)
	reference := s.push(t, "log/x:v1", l)
	const password = "canary-Passw0rd"
	s.meet(func(w http.ResponseWriter, r *http.Request) bool {
		given, _, _ := strings.Cut(r.Header.Get("Authorization"), ",")
		_, said, _ := r.BasicAuth()
		switch {
		case given == "":
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		case isRange(r):
			http.Error(w, "busy: "+given+" "+said, http.StatusServiceUnavailable)
		default:
			return false
		}
		return true
	})
	m := impatient(t, nil, map[string]transport.Host{s.host: {Username: "u", Password: password}})
	var lines []string
	var mu sync.Mutex
	m.Log = func(_ context.Context, message string, fields map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, fmt.Sprint(message, fields))
	}
	report := sampled(t, m, reference)
	all := strings.Join(lines, "\n")
	if !strings.Contains(all, "range reads failed") || !strings.Contains(all, "HTTP 503") ||
		!strings.Contains(all, "busy") {
		t.Errorf("nothing says why:\n%s", all)
	}
	measured := report.Images[0].Measurements[0]
	for _, secret := range []string{password, "dTpjYW5hcnktUGFzc3cwcmQ="} { // u:canary-Passw0rd
		if strings.Contains(all+measured.Note+measured.Fault.Error(), secret) {
			t.Errorf("%s is told: %s", secret, all)
		}
	}
	if measured.Method != layersize.MethodRatio {
		t.Errorf("method %s", measured.Method)
	}
}
