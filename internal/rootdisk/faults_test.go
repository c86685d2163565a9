package rootdisk

import (
	"errors"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// reportOf is a report of one image that has a layer for each fault, nil for none.
func reportOf(faults ...error) *measure.Report {
	image := measure.Image{Image: &registry.Image{Reference: "example.com/app:v1"}}
	for i, fault := range faults {
		id := "sha256:" + strings.Repeat(string(rune('a'+i)), 64)
		image.Layers = append(image.Layers, registry.Layer{Digest: id, ChainID: id})
		image.Measurements = append(
			image.Measurements,
			layersize.Measurement{Method: layersize.MethodSampled, Note: "a note of no interest", Fault: fault},
		)
	}
	return &measure.Report{Images: []measure.Image{image}}
}

// TestTheReportSaysWhereReadsFailed: in one line for each reason, under the layers, and in words of
// our own.
func TestTheReportSaysWhereReadsFailed(t *testing.T) {
	t.Parallel()
	busy := &failure.Error{
		Host:       "example.com",
		Kind:       failure.RateLimited,
		StatusCode: 429,
		Message:    "canary words of the registry\n" + strings.Repeat("x", 300),
		Err:        errors.New("canary"),
	}
	ignored := &failure.Error{Kind: failure.RangeIgnored, StatusCode: 200}
	for name, test := range map[string]struct {
		faults []error
		want   string
	}{
		"none": {[]error{nil, nil}, ""},
		"one": {[]error{nil, busy}, "\nLess is known about sha256:bbbbbbbbbbbb than could be: rate limited " +
			"(HTTP 429).\n"},
		"several": {[]error{busy, busy, nil}, "\nLess is known about 2 layers than could be: rate limited " +
			"(HTTP 429).\n"},
		"of two kinds": {[]error{busy, ignored, busy},
			"\nLess is known about sha256:bbbbbbbbbbbb than could be: range requests ignored.\n" +
				"\nLess is known about 2 layers than could be: rate limited (HTTP 429).\n"},
		"of any other kind": {[]error{errors.New("canary")}, "\nLess is known about sha256:aaaaaaaaaaaa than could " +
			"be: a read failed.\n"},
	} {
		report := renderReport(reportOf(test.faults...), measure.DefaultDisk, disksize.Recommendation{})
		_, after, _ := strings.Cut(report[strings.LastIndex(report, "|\n"):], "\n")
		if after != test.want {
			t.Errorf("%s: got %q, want %q", name, after, test.want)
		}
		if strings.Contains(report, "canary") || strings.Contains(report, "of no interest") {
			t.Errorf("%s: the report repeats others:\n%s", name, report)
		}
		for line := range strings.Lines(after) {
			if len(line) > 100 {
				t.Errorf("%s: %d columns: %s", name, len(line), line)
			}
		}
	}
}

// TestTheReportSaysWhatMayHide: of all layers of samples the worst, with the odds.
func TestTheReportSaysWhatMayHide(t *testing.T) {
	t.Parallel()
	report := reportOf(nil, nil)
	measured := report.Images[0].Measurements
	measured[0].HiddenZeros = layersize.HiddenZeros{Longest: 3 << 30, ChanceOfGiB: 0.339}
	want := "\nUp to 3.0 GiB of zeros may hide in sha256:aaaaaaaaaaaa (1 GiB is met in 33 of 100).\n"
	if got := describeHiddenZeros(report); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	measured[1].HiddenZeros = layersize.HiddenZeros{Longest: 1 << 30, ChanceOfGiB: 1}
	want = "\nUp to 3.0 GiB of zeros may hide in each of 2 layers (1 GiB is met in 33 of 100).\n"
	if got := describeHiddenZeros(report); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTheReportSaysWhatARatioIsWorth: layers that are not opened have bounds of usual content,
// which zeros break.
func TestTheReportSaysWhatARatioIsWorth(t *testing.T) {
	t.Parallel()
	report := reportOf(nil, nil)
	if text := describeUnread(report); text != "" {
		t.Errorf("no layer is estimated from its compressed size, and the report says %q", text)
	}
	measured := report.Images[0].Measurements
	measured[0].Method = layersize.MethodRatio
	want := "\nOf sha256:aaaaaaaaaaaa only the compressed size is known: the bounds are those of usual layers.\n" +
		"Zeros or repeated data unpack to more.\n"
	if got := renderReport(report, measure.DefaultDisk, disksize.Recommendation{}); !strings.HasSuffix(got, want) {
		t.Errorf("want %q at the end of\n%s", want, got)
	}
	measured[1].Method = layersize.MethodRatio
	if got := describeUnread(report); !strings.HasPrefix(got, "\nOf 2 layers only") {
		t.Errorf("got %q", got)
	}
}

func TestTheReportNamesWhatContainerdDoesNotUnpack(t *testing.T) {
	t.Parallel()
	report := reportOf(nil)
	digest := report.Images[0].Layers[0].Digest
	for _, image := range []string{"example.com/app:v1", "example.com/app:v2"} { // the same layer
		report.Refusals = append(
			report.Refusals,
			measure.Refusal{
				Image:   image,
				Digest:  digest,
				Refusal: layersize.Refusal{Entry: `"a/l"`, Reason: layersize.RefusedLink},
			},
			measure.Refusal{
				Image:   image,
				Digest:  digest,
				Refusal: layersize.Refusal{Reason: layersize.RefusedCompressed},
			},
		)
	}
	text := renderReport(report, measure.DefaultDisk, disksize.Recommendation{})
	want := "\ncontainerd does not unpack layer sha256:aaaaaaaaaaaa: entry \"a/l\" is a hard link to a file that " +
		"does not come before it in the same layer.\n" +
		"\ncontainerd does not unpack layer sha256:aaaaaaaaaaaa: it is compressed, and its media type says that it " +
		"is not.\n"
	if !strings.HasSuffix(text, want) {
		t.Errorf("want %q at the end of\n%s", want, text)
	}
}

func TestACountThatDependsOnTheFileSystemSaysByHowMuch(t *testing.T) {
	t.Parallel()
	report, inodes := reportOf(nil), int64(1000)
	bounds := layersize.Interval{Value: 100 << 20, Min: 100<<20 - 40<<10, Max: 100<<20 + 60<<10}
	report.RequiredBytes, report.Inodes = bounds, &inodes
	report.Images[0].Measurements[0] = layersize.Measurement{
		DiskBytes: bounds,
		Inodes:    &inodes,
		Method:    layersize.MethodStreamed,
	}
	text := renderReport(report, measure.DefaultDisk, disksize.Recommendation{})
	for _, want := range []string{
		"Needed: 100.0 MiB (counted file by file, give or take 60.0 KiB).\n", "| ± 60.0 KiB",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}
