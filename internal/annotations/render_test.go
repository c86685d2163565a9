package annotations_test

import (
	"errors"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
)

func number(text string) *big.Float {
	n, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return n
}

func list(elements ...any) []any { return elements }

func TestOptionsBecomeWholeKeysAndStrings(t *testing.T) {
	t.Parallel()
	const prefix = "eks.tke.cloud.tencent.com/"
	for name, test := range map[string]struct {
		options annotations.Options
		want    map[string]string
	}{
		"nothing": {annotations.Options{}, map[string]string{}},
		"null is left out": {
			annotations.Options{"image_cache": nil, "root_disk_size_gib": number("50")},
			map[string]string{prefix + "root-cbs-size": "50"},
		},
		"any cache": {
			annotations.Options{"image_cache": "auto"}, map[string]string{prefix + "use-image-cache": "auto"},
		},
		"any cache, and a system disk for when none matches": {
			annotations.Options{
				"image_cache": "auto", "image_cache_disk_size_gib": number("60"), "image_cache_disk_type": "CLOUD_BSSD",
				"root_disk_size_gib": number("50"), "root_disk_type": "CLOUD_HSSD",
			},
			map[string]string{
				prefix + "use-image-cache": "auto", prefix + "image-cache-disk-size": "60",
				prefix + "image-cache-disk-type": "CLOUD_BSSD", prefix + "root-cbs-size": "50",
				prefix + "root-cbs-type": "CLOUD_HSSD",
			},
		},
		"types that are rarely sold": {
			annotations.Options{
				"image_cache": "auto", "image_cache_disk_type": "CLOUD_BASIC", "root_disk_type": "CLOUD_TSSD",
			},
			map[string]string{
				prefix + "use-image-cache": "auto", prefix + "image-cache-disk-type": "CLOUD_BASIC",
				prefix + "root-cbs-type": "CLOUD_TSSD",
			},
		},
		"everything of the cleaning": {
			annotations.Options{
				"image_gc_period": "1m30s", "container_gc_threshold_percent": number("90"),
				"must_keep_last_container": true, "pod_eviction_threshold_percent": number("95"),
			},
			map[string]string{
				prefix + "image-gc-period": "1m30s", prefix + "container-gc-threshold": "90",
				prefix + "must-keep-last-container": "true", prefix + "pod-eviction-threshold": "95",
			},
		},
		"false overrides a cluster's true": {
			annotations.Options{"must_keep_last_container": false},
			map[string]string{prefix + "must-keep-last-container": "false"},
		},
		"the least disk": {
			annotations.Options{"root_disk_size_gib": number("20")},
			map[string]string{prefix + "root-cbs-size": "20"},
		},
		"the largest disk": {
			annotations.Options{"root_disk_size_gib": number("32000")},
			map[string]string{prefix + "root-cbs-size": "32000"},
		},
		"a number with a fraction 0": {
			annotations.Options{"root_disk_size_gib": number("50.0")},
			map[string]string{prefix + "root-cbs-size": "50"},
		},
		"any reuse key": {
			annotations.Options{"cbs_reuse_key": " a: \"b\"\n"},
			map[string]string{prefix + "cbs-reuse-key": " a: \"b\"\n"},
		},
		"an empty reuse key": {
			annotations.Options{"cbs_reuse_key": ""}, map[string]string{prefix + "cbs-reuse-key": ""},
		},
		"no hosts are left out": {annotations.Options{"http_registries": list()}, map[string]string{}},
		"a host once": {
			annotations.Options{"http_registries": list("b:5000", "a", "b:5000")},
			map[string]string{prefix + "registry-http-endpoint": "b:5000,a"},
		},
		"one threshold alone": {
			annotations.Options{"image_gc_low_threshold_percent": number("90")},
			map[string]string{prefix + "image-gc-low-threshold": "90"},
		},
		"thresholds of unlike length": {
			annotations.Options{
				"image_gc_low_threshold_percent": number("9"), "image_gc_high_threshold_percent": number("10"),
			},
			map[string]string{prefix + "image-gc-low-threshold": "9", prefix + "image-gc-high-threshold": "10"},
		},
		"everything of a cache": {
			annotations.Options{
				"image_cache": "imc-6a3e8yzc", "image_cache_disk_size_gib": number("100"),
				"image_cache_disk_type": "CLOUD_SSD", "image_cache_disk_retain_minutes": number("1440"),
				"image_gc_high_threshold_percent": number("95"), "image_gc_low_threshold_percent": number("85"),
				"insecure_registries": list("a.example.com", "b.example.com:5000"),
				"http_registries":     list("10.0.0.1:5000"), "cbs_reuse_key": "llm",
			},
			map[string]string{
				prefix + "use-image-cache": "imc-6a3e8yzc", prefix + "image-cache-disk-size": "100",
				prefix + "image-cache-disk-type": "CLOUD_SSD", prefix + "image-cache-disk-retain-minute": "1440",
				prefix + "image-gc-high-threshold": "95", prefix + "image-gc-low-threshold": "85",
				prefix + "registry-insecure-skip-verify": "a.example.com,b.example.com:5000",
				prefix + "registry-http-endpoint":        "10.0.0.1:5000", prefix + "cbs-reuse-key": "llm",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.options.Render()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("- want, + got:\n%s", diff)
			}
		})
	}
}

// TestWhatIsUnknownIsBlamedForNothing: it may turn out to be right, or null.
func TestWhatIsUnknownIsBlamedForNothing(t *testing.T) {
	t.Parallel()
	unknown := annotations.Unknown{}
	for name, test := range map[string]struct {
		options annotations.Options
		blames  string // nothing, if the options are in order so far
	}{
		"alone":           {annotations.Options{"image_cache": unknown}, ""},
		"of another disk": {annotations.Options{"image_cache": unknown, "root_disk_size_gib": number("50")}, ""},
		"the cache of a known disk": {
			annotations.Options{"image_cache": unknown, "image_cache_disk_size_gib": number("50")}, "",
		},
		"the disk of no cache": {annotations.Options{"image_cache_disk_size_gib": unknown}, ""},
		"one threshold": {
			annotations.Options{
				"image_gc_low_threshold_percent": number("90"), "image_gc_high_threshold_percent": unknown,
			},
			"",
		},
		"a host":                    {annotations.Options{"http_registries": list("a", unknown)}, ""},
		"a host beside a wrong one": {annotations.Options{"http_registries": list(unknown, "a/b")}, "http_registries"},
		"a wrong size beside it": {
			annotations.Options{"image_cache": unknown, "root_disk_size_gib": number("10")}, "root_disk_size_gib",
		},
		"an unknown key": {annotations.Options{"cache": unknown}, "cache"},
		"a cache's disk and a system disk": { // the cache may turn out to be "auto"
			annotations.Options{
				"image_cache":               unknown,
				"image_cache_disk_size_gib": number("50"),
				"root_disk_size_gib":        number("50"),
			},
			"",
		},
		"the size of a system disk beside a cache": { // it may turn out to be null
			annotations.Options{"image_cache": "imc-6a3e8yzc", "root_disk_size_gib": unknown}, "",
		},
		"known thresholds in the wrong order": {
			annotations.Options{
				"cbs_reuse_key":                   unknown,
				"image_gc_low_threshold_percent":  number("90"),
				"image_gc_high_threshold_percent": number("80"),
			},
			"image_gc_low_threshold_percent",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.options.Known() {
				t.Error("taken for known")
			}
			_, err := test.options.Render()
			if test.blames == "" && err != nil {
				t.Fatal(err)
			}
			if test.blames != "" {
				expect(t, err, test.blames, "")
			}
		})
	}
}

// FuzzRender: whatever is written becomes annotations of known keys, or an error that names an
// option.
func FuzzRender(f *testing.F) {
	names := []string{
		"image_cache",
		"image_cache_disk_size_gib",
		"image_cache_disk_type",
		"image_cache_disk_retain_minutes",
		"root_disk_size_gib",
		"image_gc_high_threshold_percent",
		"image_gc_low_threshold_percent",
		"root_disk_type",
		"image_gc_period",
		"container_gc_threshold_percent",
		"must_keep_last_container",
		"pod_eviction_threshold_percent",
		"insecure_registries",
		"http_registries",
		"cbs_reuse_key",
	}
	f.Add(uint8(4), "50Gi", 50.0, "auto", "key")
	f.Add(uint8(4), "", 1e300, "imc-x", "\n\u0301")
	f.Add(uint8(7), "https://a/b", 0.0, "a:5", "")
	f.Fuzz(func(t *testing.T, which uint8, text string, n float64, host, reuse string) {
		name := names[int(which)%len(names)]
		if math.IsNaN(n) { // Terraform has no such number
			n = 0
		}
		for _, value := range []any{
			text, big.NewFloat(n), []any{host, annotations.Unknown{}}, map[string]any{text: text}, n > 0, nil,
		} {
			options := annotations.Options{"cbs_reuse_key": reuse, name: value}
			rendered, err := options.Render()
			var at *annotations.OptionError
			switch {
			case err != nil &&
				(!errors.As(err, &at) || at.Option == "" || at.Remedy == "" || strings.Contains(at.Remedy, "%")):
				t.Fatalf("%s = %v: %#v", name, value, err)
			case err != nil:
				continue
			}
			if got := rendered[annotations.CBSReuseKey]; name != "cbs_reuse_key" && got != reuse {
				t.Fatalf("%q became %q", reuse, got)
			}
			for _, key := range slices.Collect(maps.Keys(rendered)) {
				if !strings.HasPrefix(key, annotations.Prefix) {
					t.Fatalf("key %q", key)
				}
			}
		}
	})
}
