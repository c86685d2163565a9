//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// stuff are materials whose bytes are not decoded: what matters are their lengths.
func stuff(format giant.Format) *materials {
	some := func(title string, packed, unpacked, disk int64) material {
		segment := giant.Segment{Packed: bytes.NewReader(nil), Size: packed, Unpacked: unpacked}
		return material{Segment: segment, Disk: use{disk, 1000}, title: title}
	}
	return &materials{
		format: format, base: some("base", 50*mib, 120*mib, 130*mib),
		trees:   []material{some("base", 50*mib, 120*mib, 130*mib), some("web", 190*mib, 700*mib, 1100*mib)},
		weights: []material{some("bfloat16", 200*mib, 256*mib, 0), some("quantized", 256*mib, 256*mib, 0)},
		text:    some("text", 70*mib, 256*mib, 0),
	}
}

// TestSplicedImagesNeedWhatIsAskedFor, or somewhat more, and a seed makes the same image again.
func TestSplicedImagesNeedWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, format := range []giant.Format{giant.Gzip, giant.Zstandard} {
		for seed := range uint64(20) {
			for need := int64(leastNeed); need <= mostNeed; need += 10 * gib {
				image := spliceImage(stuff(format), need, rand.New(rand.NewPCG(seed, 1)))
				if image.need.Bytes < need || image.need.Bytes > need+need/4 || len(image.layers) < 2 ||
					len(image.taken) != len(image.layers) {
					t.Errorf("%d bytes in %d layers, %d were asked for", image.need.Bytes, len(image.layers), need)
				}
				if again := spliceImage(stuff(format), need, rand.New(rand.NewPCG(seed, 1))); again.need != image.need {
					t.Errorf("needs %+v, and then %+v", image.need, again.need)
				}
			}
		}
	}
}

// TestSizeClaimsAreRefuted by a disk that is too small or two steps too large, by bounds that miss
// or are wide, and by a number that is off.
func TestSizeClaimsAreRefuted(t *testing.T) {
	t.Parallel()
	row := func(is layersize.Interval, size, right int64) sizeRow {
		report := &measure.Report{RequiredBytes: is}
		layer := giant.NewSplicer(giant.Gzip, "layer").Finish()
		return sizeRow{
			image:    splicedImage{title: "image", layers: []*giant.Layer{layer}, need: use{Bytes: 40 * gib}},
			measured: map[measure.Mode]measured{measure.Auto: {report: report}, measure.Sample: {report: report}},
			sizes:    map[measure.Mode]int64{measure.Auto: size, measure.Sample: size}, right: right,
		}
	}
	interval := func(value, least, most int64) layersize.Interval {
		return layersize.Interval{Value: value, Min: least, Max: most}
	}
	good := interval(40*gib, 39*gib, 41*gib)
	for name, test := range map[string]struct {
		row  sizeRow
		want string
	}{
		"all is well":     {row(good, 60, 60), ""},
		"too small":       {row(good, 50, 60), "a disk of 50 GiB"},
		"two steps":       {row(good, 80, 60), "a disk of 80 GiB"},
		"one step":        {row(good, 70, 60), "0 of 1 disks"},
		"bounds miss":     {row(interval(40*gib, 40*gib+1, 41*gib), 60, 60), "the bounds are"},
		"bounds are wide": {row(interval(40*gib, 36*gib, 46*gib), 60, 60), "times apart"},
		"it is off":       {row(interval(42*gib, 39*gib, 43*gib), 60, 60), "required_bytes is"},
	} {
		err := checkSizes([]sizeRow{test.row})
		if test.want == "" && err != nil ||
			test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestATreeBelowAFolderHasNoEnd, so that others can follow it.
func TestATreeBelowAFolderHasNoEnd(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	if err := putBelow("deep", parts())(t.Context(), &packed); err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(io.MultiReader(bytes.NewReader(packed.Bytes()), bytes.NewReader(packed.Bytes())))
	names := 0
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || !strings.HasPrefix(header.Name, "deep/") {
			t.Fatalf("%+v, %v", header, err)
		}
		names++
	}
	if names != 8 {
		t.Errorf("%d entries, want four, twice", names)
	}
}
