//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// measured is a report and what it cost.
type measured struct {
	report *measure.Report
	read   int64 // bytes of layers, from the registry
	took   time.Duration
}

// measureModes measures in all modes, without a store, and takes the recommendation of the default
// one.
func (r *row) measureModes(ctx context.Context, references []string) error {
	r.measured = map[measure.Mode]measured{}
	for _, mode := range measure.Modes {
		m, err := measureIn(ctx, mode, references)
		if err != nil {
			return fmt.Errorf("measure = %s: %w", mode, err)
		}
		r.measured[mode] = m
	}
	r.layers = int64(len(layersOf(r.measured[measure.Auto].report)))
	size, err := recommendSize(r.measured[measure.Auto].report)
	r.sizeGiB = size
	return err
}

func measureIn(ctx context.Context, mode measure.Mode, references []string) (measured, error) {
	client, err := registry.New(registry.Config{Transport: transport.Config{DockerConfigDir: os.TempDir()}})
	if err != nil {
		return measured{}, err
	}
	var mu sync.Mutex
	var m measured
	measurer := &measure.Measurer{
		Registry: client,
		Log: func(_ context.Context, message string, fields map[string]any) {
			if read, ok := fields["bytes_read"].(int64); ok && message == "layer measured" {
				mu.Lock()
				m.read += read
				mu.Unlock()
			}
		},
	}
	begun := time.Now()
	m.report, err = measurer.Measure(ctx, measure.Request{
		Images: references, Platform: platform, Mode: mode,
		ReadBudget: measure.DefaultReadBudget, Disk: measure.DefaultDisk,
	})
	m.took = time.Since(begun)
	return m, err
}

// recommendSize returns the disk that the data source recommends with its defaults, in GiB.
func recommendSize(report *measure.Report) (int64, error) {
	recommendation, err := disksize.Recommend(report.Disk())
	return recommendation.SizeGiB, err
}

// layersOf returns the digests of the distinct layers.
func layersOf(report *measure.Report) []string {
	var digests []string
	for _, image := range report.Images {
		for _, layer := range image.Layers {
			digests = append(digests, layer.Digest)
		}
	}
	slices.Sort(digests)
	return slices.Compact(digests)
}

// listMethods lists how the layers were measured, each method once.
func listMethods(report *measure.Report) string {
	var names []string
	for _, image := range report.Images {
		for _, m := range image.Measurements {
			names = append(names, string(m.Method))
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
