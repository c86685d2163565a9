package rootdisk

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

const (
	gib     = 1 << 30
	columns = 80 // of a terminal
	indent  = 2  // of an error message
)

// reported is the report of images with one layer each, whose bounds are as given.
func reported(
	platform string, bounds layersize.Interval, method layersize.Method, exact bool, references ...string,
) string {
	report := &measure.Report{CompressedBytes: 1023 << 20, UnpackedBytes: bounds, RequiredBytes: bounds, Exact: exact}
	for i, reference := range references {
		digest := fmt.Sprintf("sha256:%064d", i)
		report.Images = append(report.Images, measure.Image{
			Image: &registry.Image{Reference: reference, Platform: platform,
				Layers: []registry.Layer{{Digest: digest, ChainID: digest, Size: 1023<<20 + 900<<10}}},
			CompressedBytes: 1023<<20 + 900<<10, UnpackedBytes: 1023<<20 + 900<<10,
			Measurements: []layersize.Measurement{{DiskBytes: bounds, Method: method, Exact: exact}},
		})
	}
	return renderReport(report, measure.DefaultDisk, disksize.Recommendation{SizeGiB: 30000, BillableGiB: 29980})
}

// TestTheReportFitsATerminal, within an error message too, with the widest figures that there are.
func TestTheReportFitsATerminal(t *testing.T) {
	t.Parallel()
	wide := layersize.Interval{Value: 1023<<20 + 900<<10, Min: 1023<<20 + 100<<10, Max: 1023<<20 + 950<<10}
	for _, reference := range []string{
		"nginx", "vllm/vllm-openai:v0.8.5", "registry.example.com/llm:v1",
		"example-company.tencentcloudcr.com/models/llm-server:2.1",
		"example-company.tencentcloudcr.com/machine-learning/serving/vllm-openai:v0.8.5-cuda12.4-ubuntu22.04",
		"registry.example.com/llm@sha256:" + strings.Repeat("0123456789abcdef", 4),
		"example-company.tencentcloudcr.com/machine-learning/vllm-openai:v0.8.5@sha256:" +
			strings.Repeat("0123456789abcdef", 4),
	} {
		for _, platform := range []string{"linux/amd64", "linux/arm64/v8"} {
			text := reported(platform, wide, layersize.MethodStreamed, false, reference, "sidecar:v3")
			for line := range strings.Lines(text) {
				if width := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > columns-indent {
					t.Errorf("%d columns for %s:\n%s", width, reference, line)
				}
			}
		}
	}
}

func TestWhatIsCutFromAReferenceIsNotItsEnd(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]string{
		"registry.example.com/llm:v1":                         "registry.example.com/llm:v1",
		"llm@sha256:" + strings.Repeat("0123456789abcdef", 4): "llm@sha256:0123456789ab",
		strings.Repeat("a", 60) + "/llm:v1":                   "…" + strings.Repeat("a", 24) + "/llm:v1",
	} {
		if got := shortenReference(reference, 32); got != want {
			t.Errorf("%s becomes %s, want %s", reference, got, want)
		}
	}
}

// TestBoundsThatReadAlikeAreSaidOnce: a reader learns nothing from "between 20.0 GiB and 20.0 GiB".
func TestBoundsThatReadAlikeAreSaidOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bounds      layersize.Interval
		exact       bool
		head, layer string
	}{
		"alike": {
			layersize.Interval{Value: 20 * gib, Min: 20*gib - 1<<20, Max: 20*gib + 1<<20}, false,
			"Needed: about 20.0 GiB.\n", "| about 20.0 GiB |",
		},
		"one unit": {
			layersize.Interval{Value: 20 * gib, Min: 19 * gib, Max: 21 * gib}, false,
			"Needed: 20.0 GiB (between 19.0 and 21.0 GiB).\n", "| 19.0 to 21.0 GiB |",
		},
		"other units": {
			layersize.Interval{Value: gib, Min: gib / 2, Max: 2 * gib}, false,
			"Needed: 1.0 GiB (between 512.0 MiB and 2.0 GiB).\n", "| 512.0 MiB to 2.0 GiB |",
		},
		"exact": {layersize.Interval{Value: gib, Min: gib, Max: gib}, true, "Needed: 1.0 GiB (counted file " +
			"by file).\n", "| exact  |"},
	} {
		text := reported("linux/amd64", c.bounds, layersize.MethodSampled, c.exact, "llm:v1")
		if !strings.Contains(text, c.head) || !strings.Contains(text, c.layer) {
			t.Errorf("%s: want %q and %q in\n%s", name, c.head, c.layer, text)
		}
	}
}

// TestImagesOfOtherPlatformsSayTheirs: else the head says it for all.
func TestImagesOfOtherPlatformsSayTheirs(t *testing.T) {
	t.Parallel()
	images := []measure.Image{
		{
			Image: &registry.Image{Reference: "a:v1", Platform: "linux/arm64"},
		},
		{Image: &registry.Image{Reference: "b:v1", Platform: "linux/arm64/v8"}},
	}
	if head, cells := imageColumn(images[:1]); head != "Image (linux/arm64)" || cells[0] != "a:v1" {
		t.Errorf("one platform: %q, %q", head, cells)
	}
	head, cells := imageColumn(images)
	if head != "Image" || cells[0] != "a:v1 (linux/arm64)" || cells[1] != "b:v1 (linux/arm64/v8)" {
		t.Errorf("two platforms: %q, %q", head, cells)
	}
}

func TestTheReportNamesIndexesOfWhichContainerd2PullsMore(t *testing.T) {
	t.Parallel()
	report := &measure.Report{Images: []measure.Image{
		{Image: &registry.Image{Reference: "plain:1", Manifests: []string{"a"}}},
		{Image: &registry.Image{Reference: "two:1", Manifests: []string{"a", "b"}}},
		{
			Image: &registry.Image{
				Reference: "artifact:1",
				Manifests: []string{"a"},
				Blobs:     []registry.Descriptor{{Alternative: true}},
			},
		},
	}}
	want := "\ncontainerd 2 pulls more of an index than 1.6 does, and the disk has room for all of it:\n\n" +
		"- two:1: 2 manifests that match\n- artifact:1: entries without a platform\n"
	if got := listManifestSets(report); got != want {
		t.Errorf("%q", got)
	}
}

// TestTheReportExplainsItsNumber by terms that add up as they are printed.
func TestTheReportExplainsItsNumber(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		needs disksize.Request
		says  []string
	}{
		"the free disk": {
			disksize.Request{RequiredBytes: 323 << 20, MaxUtilizationPercent: 80, RoundToGiB: 10},
			[]string{"upper bound | 0.32 |", "is used at most", "up to the free disk of 20 GiB", "= disk"},
		},
		"a larger one": {
			disksize.Request{
				RequiredBytes: 42*gib + 5, WritableBytes: 5 * gib, MaxUtilizationPercent: 75, RoundToGiB: 10,
			},
			[]string{"containers write", "75 % is used", "up to a multiple of 10 GiB", "70.00 |"},
		},
		"many files": {
			disksize.Request{RequiredBytes: gib, Inodes: 3_000_000, MaxUtilizationPercent: 80, RoundToGiB: 10},
			[]string{"room for 3000000 files", "50.00 |"},
		},
		"no rounding": {
			disksize.Request{RequiredBytes: 42 * gib, MaxUtilizationPercent: 100, RoundToGiB: 1},
			[]string{"+ rounding up", "43.00 |"},
		},
	} {
		disk, err := disksize.Recommend(test.needs)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		writeTerms(&b, test.needs, disk)
		sum, last := int64(0), int64(0)
		for _, match := range regexp.MustCompile(`(\d+)\.(\d\d) \|`).FindAllStringSubmatch(b.String(), -1) {
			whole, _ := strconv.ParseInt(match[1]+match[2], 10, 64)
			sum, last = sum+whole, whole
		}
		if sum != 2*last || last != 100*disk.SizeGiB {
			t.Errorf("%s: the terms come to %d, the disk is %d:\n%s", name, sum-last, last, &b)
		}
		for _, want := range test.says {
			unwrapped := strings.Join(strings.Fields(b.String()), " ")
			if !strings.Contains(b.String(), want) && !strings.Contains(unwrapped, want) {
				t.Errorf("%s: want %q in\n%s", name, want, &b)
			}
		}
	}
}
