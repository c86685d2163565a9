package measure_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/sandbox"
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

// TestAllRoundsTogetherKeepToTheBudget: what a registry sends of layers is no more than the budget,
// though a round that may read more of a layer reads other ranges than the one before it.
func TestAllRoundsTogetherKeepToTheBudget(t *testing.T) {
	t.Parallel()
	behind := registrytest.Start(t, registrytest.Options{})
	target, err := url.Parse(behind.URL())
	if err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" && strings.Contains(r.URL.Path, "/blobs/") {
			w = countingWriter{w, &sent}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	var files []sandbox.File
	for i := range 3_000 {
		size, like := int64(400+i%3000), sandbox.Text
		if i%100 == 0 {
			size, like = 300_000, sandbox.Noise
		}
		files = append(files, sandbox.File{Name: fmt.Sprintf("app/%d", i), Size: size, Like: like})
	}
	gzip := layer(t, 7, files...)
	zstd := zstdLayer(t, unpackedOf(t, gzip))
	image := server.Listener.Addr().String() + "/budget/x:v1"
	pushed(t, image, imageOf(t, gzip, zstd))
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
