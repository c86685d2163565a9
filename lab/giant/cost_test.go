package giant_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// documentBytes are what every cold image costs beside its layers: the manifest and the
// configuration. With a look for referrers, which a registry without their API is asked for twice,
// they take four requests.
const documentBytes = 64 << 10

func giants(t *testing.T) *giant.Registry { return giantsWith(t, giant.Options{}) }

func giantsWith(t *testing.T, options giant.Options) *giant.Registry {
	t.Helper()
	r, err := giant.ServeWith(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func giantImage(t testing.TB, r *giant.Registry, gib float64, layers int) (reference string, all []*giant.Layer) {
	t.Helper()
	for i := range layers {
		all = append(all, giant.NewLayer(uint64(i), int64(gib*(1<<30))/int64(layers)))
	}
	reference, err := r.Add(fmt.Sprintf("cost/of%g-in%d", gib, layers), all...)
	if err != nil {
		t.Fatal(err)
	}
	return reference, all
}

func newMeasurer(t testing.TB, kept *store.Store) *measure.Measurer {
	t.Helper()
	config := registry.Config{Transport: transport.Config{DockerConfigDir: t.TempDir()}}
	if kept != nil {
		config.Manifests = kept
	}
	client, err := registry.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &measure.Measurer{Registry: client, Store: kept}
}

func measureImage(t testing.TB, m *measure.Measurer, mode measure.Mode, reference string) *measure.Report {
	t.Helper()
	report, err := m.Measure(t.Context(), measure.Request{
		Images: []string{reference}, Platform: "linux/amd64", Mode: mode, ReadBudget: measure.DefaultReadBudget,
		Disk: measure.DefaultDisk,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestWhatMeasuringCosts, in bytes and requests, which are the same on every machine. The wall
// follows from the requests, which go out several at a time.
func TestWhatMeasuringCosts(t *testing.T) {
	t.Parallel()
	several, single := giants(t), giantsWith(t, giant.Options{OneRange: true})
	for _, test := range []struct {
		r               *giant.Registry
		mode            measure.Mode
		gib             float64
		layers          int
		bytes, requests int64 // at most, with documents
	}{
		{several, measure.Sample, 1, 1, 12 << 20, 15},
		{several, measure.Sample, 10, 1, 16 << 20, 15},
		{several, measure.Sample, 20, 40, measure.DefaultReadBudget, 150},
		{several, measure.Auto, 10, 1, measure.DefaultReadBudget, 50},
		{several, measure.Auto, 20, 40, measure.DefaultReadBudget, 165},
		{single, measure.Sample, 10, 1, 16 << 20, 60},
		{single, measure.Auto, 10, 1, measure.DefaultReadBudget, 200},
	} {
		reference, layers := giantImage(t, test.r, test.gib, test.layers)
		test.r.Cost()
		report := measureImage(t, newMeasurer(t, nil), test.mode, reference)
		bytes, requests := test.r.Cost()
		t.Logf("%s, %g GiB in %d layers: %d bytes, %d requests", test.mode, test.gib, test.layers, bytes, requests)
		if bytes > test.bytes+documentBytes || requests > test.requests {
			t.Errorf(
				"%s, %g GiB in %d layers: %d bytes and %d requests, at most %d and %d are allowed",
				test.mode, test.gib, test.layers, bytes, requests, test.bytes, test.requests,
			)
		}
		for i, m := range report.Images[0].Measurements {
			if u := m.UnpackedBytes; u.Min > layers[i].Unpacked || u.Max < layers[i].Unpacked || m.Exact ||
				m.Method == layersize.MethodRatio {
				t.Errorf(
					"%g GiB in %d layers: %+v does not hold %d, or is called exact",
					test.gib, test.layers, m, layers[i].Unpacked,
				)
			}
		}
	}
}

// TestTheBudgetIsKept by the default way, over the wire and with everything counted.
func TestTheBudgetIsKept(t *testing.T) {
	t.Parallel()
	r := giants(t)
	for _, layers := range []int{1, 9} {
		reference, _ := giantImage(t, r, 2, layers)
		r.Cost()
		measureImage(t, newMeasurer(t, nil), measure.Auto, reference)
		if bytes, _ := r.Cost(); bytes > measure.DefaultReadBudget+documentBytes {
			t.Errorf("%d layers: %d bytes were read of a budget of %d", layers, bytes, measure.DefaultReadBudget)
		}
	}
}

// TestAKeptImageCostsOneRequest, however large it is, and a digest none.
func TestAKeptImageCostsOneRequest(t *testing.T) {
	t.Parallel()
	r := giants(t)
	reference, _ := giantImage(t, r, 20, 40)
	dir := t.TempDir()
	first := measureImage(t, newMeasurer(t, store.Open(dir)), measure.Sample, reference)
	r.Cost()
	measureImage(t, newMeasurer(t, store.Open(dir)), measure.Sample, reference)
	if _, requests := r.Cost(); requests != 1 {
		t.Errorf("%d requests for what is kept, want one HEAD", requests)
	}
	measureImage(t, newMeasurer(t, store.Open(dir)), measure.Sample, r.Host+"/cost/of20-in40@"+first.Images[0].Digest)
	if _, requests := r.Cost(); requests != 0 {
		t.Errorf("%d requests for a digest that is kept, want none", requests)
	}
}

// TestMemoryDoesNotGrowWithTheLayer: what streaming allocates in all is bounded by buffers, not by
// what goes through them.
//
//nolint:paralleltest // it counts what the whole process allocates
func TestMemoryDoesNotGrowWithTheLayer(t *testing.T) {
	allocated := func(size int64) uint64 {
		l := giant.NewLayer(1, size)
		if err := l.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := stream.Measure(
			t.Context(),
			layersize.Layer{MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Size: l.Size, Blob: l},
			stream.Limits{},
		)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	allocated(16 << 20) // what is made once
	small, large := allocated(32<<20), allocated(256<<20)
	t.Logf("%d bytes for 32 MiB, %d for 256 MiB", small, large)
	if large > small+16<<20 {
		t.Errorf("streaming allocates %d bytes for 256 MiB and %d for 32 MiB", large, small)
	}
}
