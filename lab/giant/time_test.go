package giant_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// BenchmarkAuto measures cold images at a registry whose answers take 20 ms, for a profile of where
// the time goes.
func BenchmarkAuto(b *testing.B) {
	for _, image := range []struct {
		gib    float64
		layers int
	}{{10, 1}, {20, 40}} {
		for _, oneRange := range []bool{false, true} {
			b.Run(fmt.Sprintf("%g GiB in %d, one range %t", image.gib, image.layers, oneRange), func(b *testing.B) {
				r, err := giant.ServeWith(giant.Options{Latency: 20 * time.Millisecond, OneRange: oneRange})
				if err != nil {
					b.Fatal(err)
				}
				defer r.Close()
				reference, _ := giantImage(b, r, image.gib, image.layers)
				b.ReportAllocs()
				for b.Loop() {
					r.Cost()
					measureImage(b, newMeasurer(b, nil), measure.Auto, reference)
					bytes, requests := r.Cost()
					b.ReportMetric(float64(bytes)/(1<<20), "MiB")
					b.ReportMetric(float64(requests), "requests")
				}
			})
		}
	}
}
