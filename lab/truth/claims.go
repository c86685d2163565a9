//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// The claims, in percent of what containerd used.
const (
	fullLow, fullHigh = -0.5, 2
	autoLow, autoHigh = -2, 12
	inodesOff         = 1

	// Of real content.
	realFullOff                = 0.03 // beside what containerd keeps for itself
	realAutoOff, realSampleOff = 3, 8
	// Of trees of small files: a few large ones are met by no sample, and need hardly any inodes.
	realInodesFactor       = 1.5
	smallFiles             = 10_000
	widestGzip, widestZstd = 1.15, 1.25

	// Below that, containerd's own files weigh too much for percentages.
	leastUse = 100e6

	// A few inodes are containerd's own, however large the image: without them 1 % of an image that
	// has two files would be claimed.
	ownInodes = 16
)

// listRefuted lists the claims that a case refutes.
func (r row) listRefuted() []string {
	full, auto := r.measured[measure.Full].report, r.measured[measure.Auto].report
	failures := slices.Concat(r.checkExact(), r.checkBounds(), r.checkRealContent())
	if r.used.Bytes >= leastUse {
		failures = append(
			failures, checkPercent("full: required_bytes", full.RequiredBytes.Value, r.used.Bytes, fullLow, fullHigh),
		)
	}
	if r.used.Bytes >= leastUse && !r.hides && !r.real {
		failures = append(
			failures, checkPercent("auto: required_bytes", auto.RequiredBytes.Value, r.used.Bytes, autoLow, autoHigh),
		)
	}
	if full.Inodes == nil {
		return append(dropEmpty(failures), "full: required_inodes is unknown")
	}
	if off := *full.Inodes - r.used.Inodes; off < -ownInodes || off > ownInodes {
		failures = append(
			failures, checkPercent("full: required_inodes", *full.Inodes, r.used.Inodes, -inodesOff, inodesOff),
		)
	}
	return dropEmpty(failures)
}

// checkExact returns where something is called exact that has bounds, or is not what streaming
// found.
func (r row) checkExact() []string {
	full := r.measured[measure.Full].report
	var failures []string
	for _, mode := range measure.Modes {
		report := r.measured[mode].report
		if !report.Exact {
			continue
		}
		if is := report.RequiredBytes; is.Min != is.Value || is.Max != is.Value {
			failures = append(failures, fmt.Sprintf("%s: exact, but between %d and %d", mode, is.Min, is.Max))
		}
		if report.Inodes == nil || full.Inodes != nil && *report.Inodes != *full.Inodes {
			failures = append(
				failures, fmt.Sprintf("%s: exact, but its inodes are not those that streaming found", mode),
			)
		}
		if is := report.UnpackedBytes; is.Min > full.UnpackedBytes.Value || is.Max < full.UnpackedBytes.Value {
			failures = append(failures, fmt.Sprintf("%s: exact, but its tars have %d to %d bytes, not %d",
				mode, is.Min, is.Max, full.UnpackedBytes.Value))
		}
		if report.RequiredBytes != full.RequiredBytes {
			failures = append(failures, fmt.Sprintf("%s: exact, but %d where streaming found %d",
				mode, report.RequiredBytes.Value, full.RequiredBytes.Value))
		}
	}
	return append(failures, r.checkStreamed())
}

// checkStreamed returns where streaming is neither exact nor has narrow bounds, as where
// directories are so large that their blocks depend on the file system, and where it finds what
// containerd, which did pull the image, would refuse.
func (r row) checkStreamed() string {
	const widest = 50 // a part of what is required
	full := r.measured[measure.Full].report
	is := full.RequiredBytes
	switch {
	case len(full.Refusals) > 0:
		return fmt.Sprintf("full: containerd is said to refuse the image: %+v", full.Refusals)
	case r.inexact && full.Exact:
		return "full: exact is true"
	case !r.inexact && !full.Exact && (is.Min == is.Max || is.Max-is.Min > is.Value/widest):
		return fmt.Sprintf("full: not exact, between %d and %d", is.Min, is.Max)
	}
	return ""
}

// checkBounds returns where what was used lies outside of the bounds, whatever was sampled. Holes
// are no data, so that samples know nothing of them.
func (r row) checkBounds() []string {
	sampled := []measure.Mode{measure.Auto, measure.Sample}
	if r.holes {
		sampled = sampled[:1]
	}
	var failures []string
	for _, mode := range sampled {
		is, own := r.measured[mode].report.RequiredBytes, r.ownBytes()
		if r.used.Bytes < is.Min-own || r.used.Bytes > is.Max+own {
			failures = append(failures, fmt.Sprintf("%s: used are %d bytes, the bounds are %d and %d",
				mode, r.used.Bytes, is.Min, is.Max))
		}
	}
	return failures
}

// checkRealContent lists the claims on real content that a row refutes: how far the number may be
// off, how far apart its bounds are, and that the disk is the one that the true number asks for.
func (r row) checkRealContent() []string {
	if !r.real {
		return nil
	}
	full, auto := r.measured[measure.Full].report, r.measured[measure.Auto].report
	sample := r.measured[measure.Sample].report
	failures := []string{
		r.checkFull(full.RequiredBytes.Value),
		checkPercent("auto: required_bytes", auto.RequiredBytes.Value, r.used.Bytes, -realAutoOff, realAutoOff),
		checkPercent(
			"sample: required_bytes", sample.RequiredBytes.Value, r.used.Bytes, -realSampleOff, realSampleOff,
		),
	}
	widest := widestGzip
	if packedByZstd(full) {
		widest = widestZstd
	}
	if is := auto.RequiredBytes; float64(is.Max) > widest*float64(is.Min) {
		failures = append(failures, fmt.Sprintf("auto: the bounds %d and %d are %.2f times apart, claimed are %.2f",
			is.Min, is.Max, float64(is.Max)/float64(is.Min), widest))
	}
	ratio := float64(auto.LikelyInodes) / float64(r.used.Inodes)
	if r.used.Inodes >= smallFiles && (ratio < 1/realInodesFactor || ratio > realInodesFactor) {
		failures = append(failures, fmt.Sprintf("auto: %d inodes are likely where %d were used",
			auto.LikelyInodes, r.used.Inodes))
	}
	return append(failures, r.checkDisk(full))
}

// checkFull returns nothing where streaming counted what containerd used of the disk, beside its
// own files.
func (r row) checkFull(full int64) string {
	if full < r.used.Bytes-r.ownBytes() {
		return checkPercent("full: required_bytes", full, r.used.Bytes-r.ownBytes(), -realFullOff, realFullOff)
	}
	return checkPercent("full: required_bytes", max(full, r.used.Bytes), r.used.Bytes, -realFullOff, realFullOff)
}

// checkDisk returns nothing where the recommended disk is the one that the counted need asks for:
// up to 20 GiB of need exactly, above it at least that, and at most one step more.
func (r row) checkDisk(full *measure.Report) string {
	right, err := recommendSize(full)
	if err != nil {
		return err.Error()
	}
	most := right
	if full.RequiredBytes.Value > disksize.MinGiB*disksize.GiB {
		most += disksize.DefaultRoundToGiB
	}
	if r.sizeGiB < right || r.sizeGiB > most {
		return fmt.Sprintf("auto: a disk of %d GiB is recommended where %d GiB are right", r.sizeGiB, right)
	}
	return ""
}

func packedByZstd(report *measure.Report) bool {
	return slices.ContainsFunc(report.Images, func(image measure.Image) bool {
		return slices.ContainsFunc(image.Layers, func(layer registry.Layer) bool {
			return strings.Contains(layer.MediaType, "zstd")
		})
	})
}

// ownBytes returns what containerd's own files may take: its two databases were seen to grow by 130
// KB with an image and by 13 KB with each layer.
func (r row) ownBytes() int64 { return 512*kib + r.layers*16*kib }

// checkPercent returns nothing when the claim holds.
func checkPercent(what string, got, used int64, low, high float64) string {
	if off := percentOff(got, used); off < low || off > high {
		return fmt.Sprintf("%s is %d where %d were used: %+.2f %%, claimed are %+.1f to %+.1f",
			what, got, used, off, low, high)
	}
	return ""
}

func percentOff(got, used int64) float64 { return 100 * (float64(got)/float64(used) - 1) }

func dropEmpty(failures []string) []string {
	var kept []string
	for _, failure := range failures {
		if failure != "" {
			kept = append(kept, failure)
		}
	}
	return kept
}
