package measure_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// countingWriter counts the bytes of answers.
type countingWriter struct {
	http.ResponseWriter
	sum *atomic.Int64
}

func (w countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.sum.Add(int64(n))
	return n, err
}

// pushRounds pushes an image of a gzip and a Zstandard layer, of which auto reads ranges in several
// rounds, to a registry that counts what it sends of layers.
func pushRounds(t *testing.T, oneRange bool) (image string, sent *atomic.Int64) {
	t.Helper()
	behind := registrytest.Start(t, registrytest.Options{})
	target, err := url.Parse(behind.URL())
	if err != nil {
		t.Fatal(err)
	}
	sent = &atomic.Int64{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ranges := r.Header.Get("Range")
		if oneRange && strings.Contains(ranges, ",") {
			http.Error(w, "one range", http.StatusRequestedRangeNotSatisfiable)
			return
		}
		if ranges != "" && strings.Contains(r.URL.Path, "/blobs/") {
			w = countingWriter{w, sent}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	var files []imagetest.File
	for i := range 3_000 {
		size, like := int64(400+i%3000), imagetest.Text
		if i%100 == 0 {
			size, like = 300_000, imagetest.Noise
		}
		files = append(files, imagetest.File{Name: fmt.Sprintf("app/%d", i), Size: size, Like: like})
	}
	gzip := layer(t, 7, files...)
	image = server.Listener.Addr().String() + "/budget/x:v1"
	pushed(t, image, imageOf(t, gzip, zstdLayer(t, unpackedOf(t, gzip))))
	return image, sent
}

// TestAllRoundsTogetherKeepToTheBudget: what a registry sends of layers is no more than the budget,
// though a round that may read more of a layer reads other ranges than the one before it.
func TestAllRoundsTogetherKeepToTheBudget(t *testing.T) {
	t.Parallel()
	image, sent := pushRounds(t, false)
	for _, budget := range []int64{3 << 20, 7 << 20} {
		sent.Store(0)
		r := request(measure.Auto, image)
		r.ReadBudget = budget
		if _, err := measurer(t, nil).Measure(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if got := sent.Load(); got > budget || got == 0 {
			t.Errorf("with a budget of %d bytes the registry sends %d of layers", budget, got)
		}
	}
}

// TestAFirstRoundThatWasKeptChangesNoLaterOne: the rounds of auto come to the same whether the
// first one was read in this run or is kept from another, at any host, and each layer to what one
// probe with the allowance of its last round comes to.
func TestAFirstRoundThatWasKeptChangesNoLaterOne(t *testing.T) {
	t.Parallel()
	for name, oneRange := range map[string]bool{"several ranges": false, "one range": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image, sent := pushRounds(t, oneRange)
			auto := request(measure.Auto, image)
			auto.ReadBudget = 3 << 20 // half a MiB of each layer in the first round
			m := measurer(t, nil)
			allowances := logAllowances(m)
			want, err := m.Measure(t.Context(), auto)
			if err != nil {
				t.Fatal(err)
			}
			fresh := sent.Swap(0)
			assertAsByOneProbe(t, want.Images[0], allowances)
			kept := store.Open(t.TempDir())
			sample := request(measure.Sample, image)
			sample.ReadBudget = 1 << 20
			if _, err := measurer(t, kept).Measure(t.Context(), sample); err != nil {
				t.Fatal(err)
			}
			sent.Store(0)
			got, err := measurer(t, kept).Measure(t.Context(), auto)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes fresh, %d beside what was kept", fresh, sent.Load())
			text := func(r *measure.Report) string { return fmt.Sprintf("%+v", r.Images[0].Measurements) }
			if text(got) != text(want) {
				t.Errorf("%s\nwant\n%s", text(got), text(want))
			}
		})
	}
}

// logAllowances returns the allowances of each layer's rounds, which m logs.
func logAllowances(m *measure.Measurer) map[string][]int64 {
	all := map[string][]int64{}
	var mutex sync.Mutex
	m.Log = func(_ context.Context, message string, fields map[string]any) {
		mutex.Lock()
		defer mutex.Unlock()
		layer, _ := fields["layer"].(string)
		if allowance, isLogged := fields["allowance"].(int64); isLogged && message == "layer measured" {
			all[layer] = append(all[layer], allowance)
		}
	}
	return all
}

// assertAsByOneProbe compares what rounds came to with one probe of each layer.
func assertAsByOneProbe(t *testing.T, image measure.Image, allowances map[string][]int64) {
	t.Helper()
	client := measurer(t, nil).Registry
	for i, l := range image.Layers {
		rounds := allowances[l.Digest]
		t.Logf("%s: rounds with %d bytes", l.MediaType, rounds)
		if len(rounds) < 2 {
			t.Errorf("%s is measured in %d rounds, want several", l.MediaType, len(rounds))
			continue
		}
		input := layersize.Layer{MediaType: l.MediaType, Size: l.Size, Blob: client.Blob(t.Context(), image.Image, l)}
		once, err := probe.Measure(t.Context(), input, rounds[len(rounds)-1])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(once, image.Measurements[i]); diff != "" {
			t.Errorf("%s, by one probe and in rounds: %s", l.MediaType, diff)
		}
	}
}
