//go:build linux

package main

import (
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// TestClaims holds each claim on both sides of its edge.
func TestClaims(t *testing.T) {
	t.Parallel()

	const used = 1_000_000_000
	for title, c := range map[string]struct {
		change func(*row)
		broken string // "" when every claim holds
	}{
		"all as it should be":       {func(*row) {}, ""},
		"full a little low":         {full(used * 996 / 1000), ""},
		"full too low":              {full(used * 994 / 1000), "full: required_bytes"},
		"full a little high":        {full(used * 1019 / 1000), ""},
		"full too high":             {full(used * 1021 / 1000), "full: required_bytes"},
		"auto a little low":         {auto(used*981/1000, 0, 2*used), ""},
		"auto too low":              {auto(used*979/1000, 0, 2*used), "auto: required_bytes"},
		"auto a little high":        {auto(used*1119/1000, 0, 2*used), ""},
		"auto too high":             {auto(used*1121/1000, 0, 2*used), "auto: required_bytes"},
		"used beyond the bounds":    {auto(used, used/2, used*99/100), "the bounds are"},
		"used below the bounds":     {auto(used, used*101/100, used*2), "the bounds are"},
		"containerd's own is given": {auto(used, used-mib, used-mib/2), ""},
		"inodes 1 % off":            {inodes(100_900), ""},
		"inodes more than 1 % off":  {inodes(98_900), "required_inodes"},
		"few inodes":                {func(r *row) { r.used.Inodes = 12; inodes(2)(r) }, ""},
		"no inodes":                 {func(r *row) { r.measured[measure.Full].report.Inodes = nil }, "unknown"},
		"exact with bounds": {
			func(r *row) { r.measured[measure.Auto].report.Exact = true }, "exact, but between",
		},
		"exact and wrong": {func(r *row) {
			*r.measured[measure.Auto].report = measure.Report{
				Exact: true, RequiredBytes: layersize.Exactly(used + 1),
			}
		}, "where streaming found"},
		"exact and other inodes": {func(r *row) {
			n := int64(7)
			*r.measured[measure.Auto].report = *r.measured[measure.Full].report
			r.measured[measure.Auto].report.Inodes = &n
		}, "its inodes"},
		"exact and another tar": {func(r *row) {
			*r.measured[measure.Auto].report = *r.measured[measure.Full].report
			r.measured[measure.Auto].report.UnpackedBytes = layersize.Interval{Value: 5, Min: 5, Max: 5}
		}, "its tars"},
		"directories of an uncertain size": {counted(false, used*99/100, used*101/100), ""},
		"not exact without a reason":       {counted(false, used, used), "full: not exact"},
		"a count with wide bounds":         {counted(false, used*98/100, used*102/100), "full: not exact"},
		"refused, and pulled": {func(r *row) {
			r.measured[measure.Full].report.Refusals = []measure.Refusal{{Image: "x"}}
		}, "is said to refuse"},
		"used beyond the bounds of sample": {sampled(used, used/2, used*99/100), "sample: used are"},
		"holes that samples cannot see": {func(r *row) {
			r.holes = true
			sampled(used/100, used/200, used/50)(r)
		}, ""},
		"what hides from samples": {func(r *row) {
			r.hides = true
			auto(used/2, used/3, 2*used)(r)
		}, ""},
		"a small image has no percentages": {func(r *row) {
			r.used.Bytes = 50e6
			full(48e6)(r)
			auto(48e6, 1e6, 90e6)(r)
			sampled(48e6, 1e6, 90e6)(r)
		}, ""},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()

			r := sample(used, 100_000)
			c.change(&r)
			broken := strings.Join(r.listRefuted(), "\n")
			if (broken == "") != (c.broken == "") || !strings.Contains(broken, c.broken) {
				t.Errorf("broken are %q, want %q", broken, c.broken)
			}
		})
	}
}

// counted sets whether streaming is exact, and its bounds.
func counted(exact bool, least, most int64) func(*row) {
	return func(r *row) {
		full := r.measured[measure.Full].report
		full.Exact, full.RequiredBytes.Min, full.RequiredBytes.Max = exact, least, most
	}
}

// TestClaimsOnRealContent tries the narrower claims on both sides of their edges.
func TestClaimsOnRealContent(t *testing.T) {
	t.Parallel()

	const used, huge = 1_000_000_000, 40_000_000_000
	for title, c := range map[string]struct {
		change func(*row)
		broken string
	}{
		"all as it should be":        {auto(used, used*95/100, used*105/100), ""},
		"full 0.04 % high":           {full(used + used*4/10_000), "full: required_bytes"},
		"full 0.02 % high":           {full(used + used*2/10_000), ""},
		"full less, by containerd's": {full(used - 500*kib), ""},
		"full 0.2 % low":             {full(used * 998 / 1000), "full: required_bytes"},
		"auto 2.5 % low":             {auto(used*975/1000, used*95/100, used*105/100), ""},
		"auto 4 % low":               {auto(used*96/100, used*95/100, used*105/100), "auto: required_bytes"},
		"auto 4 % high":              {auto(used*104/100, used*95/100, used*105/100), "auto: required_bytes"},
		"bounds of gzip too wide":    {auto(used, used*90/100, used*105/100), "times apart, claimed are 1.15"},
		"bounds of Zstandard wide":   {func(r *row) { zstdLayers(r); auto(used, used*90/100, used*110/100)(r) }, ""},
		"bounds of Zstandard too far": {
			func(r *row) { zstdLayers(r); auto(used, used*88/100, used*112/100)(r) }, "times apart, claimed are 1.25",
		},
		"half of the files": {
			func(r *row) { r.measured[measure.Auto].report.LikelyInodes = 60_000 }, "inodes are likely",
		},
		"a few large files": {func(r *row) {
			r.used.Inodes, r.measured[measure.Auto].report.LikelyInodes = 23, 50_000
			inodes(20)(r)
		}, ""},
		"one step more above 20 GiB": {func(r *row) { scaled(huge)(r); r.sizeGiB = 60 }, ""},
		"two steps more":             {func(r *row) { scaled(huge)(r); r.sizeGiB = 70 }, "a disk of 70 GiB"},
		"one step less":              {func(r *row) { scaled(huge)(r); r.sizeGiB = 40 }, "a disk of 40 GiB"},
		"one step more below 20 GiB": {func(r *row) { r.sizeGiB = 30 }, "a disk of 30 GiB"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()

			r := sample(used, 100_000)
			r.real = true
			auto(used, used*95/100, used*105/100)(&r)
			c.change(&r)
			broken := strings.Join(r.listRefuted(), "\n")
			if (broken == "") != (c.broken == "") || !strings.Contains(broken, c.broken) {
				t.Errorf("broken are %q, want %q", broken, c.broken)
			}
		})
	}
}

func zstdLayers(r *row) {
	layer := registry.Layer{MediaType: "application/vnd.oci.image.layer.v1.tar+zstd"}
	r.measured[measure.Full].report.Images = []measure.Image{{
		Image: &registry.Image{Layers: []registry.Layer{layer}},
	}}
}

// scaled is a row that uses so many bytes, and of which the bounds of auto fit.
func scaled(n int64) func(*row) {
	return func(r *row) {
		r.used.Bytes = n
		full(n)(r)
		auto(n, n*95/100, n*105/100)(r)
		sampled(n, n*9/10, n*11/10)(r)
	}
}

func TestTableHasACellForEachColumn(t *testing.T) {
	t.Parallel()

	lines := strings.Split(strings.TrimSpace(formatTable(t.Context(), []row{sample(5e8, 10)}, nil, 0)), "\n")
	for _, line := range lines[len(lines)-3:] {
		if got, want := strings.Count(line, "|"), len(columns)+1; got != want {
			t.Errorf("%d bars, want %d: %s", got, want, line)
		}
	}
}

func TestTableNamesTheCasesThatItLacks(t *testing.T) {
	t.Parallel()
	rows := []row{{title: "run"}}
	lacking := listMissing([]trialCase{{title: "run"}, {title: "left out"}, {title: "broken off"}}, rows)
	text := formatTable(t.Context(), nil, lacking, 0)
	if !strings.HasSuffix(text, "Not in this run: left out; broken off.\n") {
		t.Errorf("the table ends with %q", text[len(text)-60:])
	}
	if text := formatTable(t.Context(), nil, nil, 0); strings.Contains(text, "Not in") {
		t.Errorf("a whole run: %q", text)
	}
}

// sample is a row of which every claim holds.
func sample(used, inodes int64) row {
	r := row{
		title: "a sample", layers: 1, sizeGiB: 20, used: use{used, inodes}, each: []use{{used, inodes}},
		measured: map[measure.Mode]measured{},
	}
	for _, mode := range measure.Modes {
		n := inodes
		r.measured[mode] = measured{report: &measure.Report{
			Exact: mode == measure.Full, Inodes: &n, LikelyInodes: n, RequiredBytes: layersize.Exactly(used),
		}}
	}
	r.measured[measure.Auto].report.RequiredBytes = layersize.Interval{
		Value: used, Min: used - 100*mib, Max: used + 100*mib,
	}
	return r
}

func full(n int64) func(*row) {
	return func(r *row) {
		r.measured[measure.Full].report.RequiredBytes = layersize.Interval{Value: n, Min: n, Max: n}
	}
}

func auto(n, low, high int64) func(*row) {
	return func(r *row) {
		r.measured[measure.Auto].report.RequiredBytes = layersize.Interval{Value: n, Min: low, Max: high}
	}
}

func sampled(n, low, high int64) func(*row) {
	return func(r *row) {
		r.measured[measure.Sample].report.RequiredBytes = layersize.Interval{Value: n, Min: low, Max: high}
	}
}

func inodes(n int64) func(*row) {
	return func(r *row) { *r.measured[measure.Full].report.Inodes = n }
}
