package annotations_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
)

// TestEachMistakeSaysWhatToWrite: which option, what is wrong with it, what to write instead.
func TestEachMistakeSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	const (
		sizes   = "root_disk_size_gib is %s: write a whole number of GiB from 20 to 32000"
		unquote = "root_disk_size_gib is the string %q: write the number alone, without quotes and unit: " +
			"root_disk_size_gib = 50"
		aCache = `write image_cache = "auto" or the id of a cache, imc-…, such as tkeimage_cache.example.id`

		theNumber = "write the number alone, without quotes and unit: "
		bareHosts = "write bare hosts, with a port where needed, such as "
		aDuration = `write a number and a unit, h, m or s, such as image_gc_period = "3m"`
	)
	with := func(template, value string) string {
		return strings.NewReplacer("%s", value, "%q", `"`+value+`"`).Replace(template)
	}
	for _, test := range []struct {
		option string
		value  any
		want   string
	}{
		{"root_disk_size_gib", number("10"), with(sizes, "10")},
		{"root_disk_size_gib", number("-50"), with(sizes, "-50")},
		{"root_disk_size_gib", number("32001"), with(sizes, "32001")},
		{"root_disk_size_gib", number("32000.5"), with(sizes, "32000.5")},
		{"root_disk_size_gib", number("1e30"), with(sizes, "1e+30")},
		{"root_disk_size_gib", number("1e100000"), with(sizes, "1e+100000")},
		{"root_disk_size_gib", number("1e-30"), with(sizes, "1e-30")},
		{"root_disk_size_gib", number("50.1"), "root_disk_size_gib is 50.1: write a whole number, " +
			"root_disk_size_gib = 51"},
		{"root_disk_size_gib", number("19.5"), "root_disk_size_gib is 19.5: write a whole number, " +
			"root_disk_size_gib = 20"},
		{"root_disk_size_gib", "50", with(unquote, "50")},
		{"root_disk_size_gib", "50Gi", with(unquote, "50Gi")},
		{"root_disk_size_gib", " 50 gb ", with(unquote, " 50 gb ")},
		{"root_disk_size_gib", "10Gi", with(sizes, `the string "10Gi"`) + ", without quotes and unit"},
		{"root_disk_size_gib", "1Ti", with(sizes, `the string "1Ti"`) + ", without quotes and unit"},
		{"root_disk_size_gib", "", with(sizes, `the string ""`) + ", without quotes and unit"},
		{"root_disk_size_gib", true, with(sizes, "true") + ", without quotes and unit"},
		{"root_disk_size_gib", list(number("50")), with(sizes, "a list") + ", without quotes and unit"},
		{"root_disk_size_gib", map[string]any{"a": "b"}, with(sizes, "an object") + ", without quotes and unit"},

		{"image_cache", true, "image_cache is true: " + aCache},
		{"image_cache", false, "image_cache is false: leave it out to use no cache; otherwise " + aCache},
		{"image_cache", "true", `image_cache is the string "true", which is no id of a cache: ` + aCache},
		{"image_cache", "llm", `image_cache is the string "llm", which is no id of a cache: ` + aCache},
		{"image_cache", "imc-", `image_cache is the string "imc-", which is no id of a cache: ` + aCache},
		{"image_cache", "", `image_cache is the string "", which is no id of a cache: ` + aCache},
		{"image_cache", " Auto", `image_cache is the string " Auto": write image_cache = "auto"`},
		{"image_cache", number("1"), "image_cache is 1: " + aCache},

		{"image_gc_high_threshold_percent", number("101"), "image_gc_high_threshold_percent is 101: write a whole " +
			"number of percent from 1 to 100"},
		{"image_gc_low_threshold_percent", number("0"), "image_gc_low_threshold_percent is 0: write a whole number " +
			"of percent from 1 to 100"},
		{
			"image_gc_low_threshold_percent", "75%",
			`image_gc_low_threshold_percent is the string "75%": ` + theNumber + "image_gc_low_threshold_percent = 75",
		},

		{
			"insecure_registries", "a.example.com",
			`insecure_registries is the string "a.example.com": write a list of hosts, ` +
				`insecure_registries = ["a.example.com"]`,
		},
		{
			"insecure_registries", "a:1, https://b/v2",
			`insecure_registries is the string "a:1, https://b/v2": write a list of hosts, ` +
				`insecure_registries = ["a:1", "b"]`,
		},
		{
			"insecure_registries", true,
			`insecure_registries is true: write a list of hosts, insecure_registries = ["registry.example.com"]`,
		},
		{
			"insecure_registries", list("a", "http://b:5000/"),
			`insecure_registries holds the string "http://b:5000/": ` + bareHosts + `"b:5000"`,
		},
		{
			"insecure_registries", list("a,b"),
			`insecure_registries holds the string "a,b": ` + bareHosts + `"registry.example.com"`,
		},
		{
			"insecure_registries", list("a", nil),
			"insecure_registries holds null: " + bareHosts + `"registry.example.com"`,
		},
		{
			"insecure_registries", list(number("1")),
			"insecure_registries holds 1: " + bareHosts + `"registry.example.com"`,
		},

		{"image_gc_period", number("5"), `image_gc_period is 5, without a unit: write image_gc_period = "5m"`},
		{"image_gc_period", "5", `image_gc_period is the string "5": ` + aDuration},
		{"image_gc_period", "0s", `image_gc_period is the string "0s": ` + aDuration},
		{"image_gc_period", "-3m", `image_gc_period is the string "-3m": ` + aDuration},
		{"image_gc_period", "1d", `image_gc_period is the string "1d": ` + aDuration},
		{"image_gc_period", number("0"), "image_gc_period is 0: " + aDuration},
		{"image_gc_period", true, "image_gc_period is true: " + aDuration},
		{"container_gc_threshold_percent", number("0"), "container_gc_threshold_percent is 0: write a whole number " +
			"of percent from 1 to 100"},
		{"pod_eviction_threshold_percent", number("100.5"), "pod_eviction_threshold_percent is 100.5: write a whole " +
			"number of percent from 1 to 100"},
		{"must_keep_last_container", "true", `must_keep_last_container is the string "true": write ` +
			"must_keep_last_container = true, without quotes"},
		{"must_keep_last_container", " False", `must_keep_last_container is the string " False": write ` +
			"must_keep_last_container = false, without quotes"},
		{"must_keep_last_container", "yes", `must_keep_last_container is the string "yes": write true or false`},
		{"must_keep_last_container", number("1"), "must_keep_last_container is 1: write true or false"},
		{"root_disk_type", "CLOUD_PREMUM", `root_disk_type is the string "CLOUD_PREMUM": write root_disk_type = ` +
			`"CLOUD_PREMIUM"`},
		{"root_disk_type", "premium", `root_disk_type is the string "premium": write root_disk_type = "CLOUD_PREMIUM"`},

		{"cbs_reuse_key", number("5"), `cbs_reuse_key is 5: write a string, cbs_reuse_key = "5"`},
		{"cbs_reuse_key", true, `cbs_reuse_key is true: write a string, cbs_reuse_key = "true"`},
		{"cbs_reuse_key", list(), "cbs_reuse_key is a list: write a string"},
	} {
		_, err := annotations.Options{test.option: test.value}.Render()
		expect(t, err, test.option, test.want)
	}
}

func TestMistakesInTheDiskOfACache(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		option string
		value  any
		want   string
	}{
		{"image_cache_disk_size_gib", number("10"), "image_cache_disk_size_gib is 10: write a whole number of GiB " +
			"from 20 to 32000"},
		{
			"image_cache_disk_size_gib", "50Gi",
			`image_cache_disk_size_gib is the string "50Gi": write the number alone, without quotes and unit: ` +
				"image_cache_disk_size_gib = 50",
		},
		{
			"image_cache_disk_type", "cloud_ssd",
			`image_cache_disk_type is the string "cloud_ssd": write image_cache_disk_type = "CLOUD_SSD"`,
		},
		{
			"image_cache_disk_type", "CLOUD_PREMUM",
			`image_cache_disk_type is the string "CLOUD_PREMUM": write image_cache_disk_type = "CLOUD_PREMIUM"`,
		},
		{
			"image_cache_disk_type", "fast",
			`image_cache_disk_type is the string "fast": write one of CLOUD_PREMIUM, CLOUD_BSSD, CLOUD_SSD, CLOUD_HSSD`,
		},
		{"image_cache_disk_type", true, "image_cache_disk_type is true: write one of CLOUD_PREMIUM, CLOUD_BSSD, " +
			"CLOUD_SSD, CLOUD_HSSD"},
		{"image_cache_disk_retain_minutes", number("0"), "image_cache_disk_retain_minutes is 0: write a whole " +
			"number of minutes, 1 or more"},
		{
			"image_cache_disk_retain_minutes", "30m",
			`image_cache_disk_retain_minutes is the string "30m": write the number alone, without quotes and unit: ` +
				"image_cache_disk_retain_minutes = 30",
		},
	} {
		_, err := annotations.Options{"image_cache": "auto", test.option: test.value}.Render()
		expect(t, err, test.option, test.want)
	}
}

func TestWhatContradictsIsRefused(t *testing.T) {
	t.Parallel()
	const (
		because = ` has no effect beside image_cache = "imc-6a3e8yzc", because the Pod's disk is always made from ` +
			"that cache: "
		orLeaveOut = " instead of it, or leave it out for a disk like the cache's own"
		finally    = `; with image_cache = "auto" it is the disk of a Pod that no cache matches`
		without    = ` stands without image_cache, so there is no cache to make a disk from: write ` +
			`image_cache = "auto" or the id of a cache too; root_disk_size_gib alone sizes a system disk ` +
			`without a cache`
	)
	for name, test := range map[string]struct {
		options annotations.Options
		blames  string
		want    string
	}{
		"a system disk beside a cache": {
			annotations.Options{"image_cache": "imc-6a3e8yzc", "root_disk_size_gib": number("50")},
			"root_disk_size_gib",
			"root_disk_size_gib" + because + "write image_cache_disk_size_gib = 50" + orLeaveOut + finally,
		},
		"a system disk of a size that is none": {
			annotations.Options{
				"image_cache": "imc-6a3e8yzc", "root_disk_type": "CLOUD_SSD",
				"root_disk_size_gib": annotations.Unknown{},
			}, "root_disk_type",
			"root_disk_type" + because + `write image_cache_disk_type = "CLOUD_SSD"` + orLeaveOut + finally,
		},
		"both sizes": {
			annotations.Options{
				"image_cache": "imc-6a3e8yzc", "image_cache_disk_size_gib": number("60"),
				"root_disk_size_gib": number("50"),
			}, "root_disk_size_gib",
			"root_disk_size_gib" + because + "leave root_disk_size_gib out" + finally,
		},
		"a cache's disk and no cache": {
			annotations.Options{"image_cache_disk_size_gib": number("50")}, "image_cache_disk_size_gib",
			"image_cache_disk_size_gib" + without,
		},
		"a cache's disk and null": {
			annotations.Options{"image_cache_disk_type": "CLOUD_SSD", "image_cache": nil}, "image_cache_disk_type",
			"image_cache_disk_type" + without,
		},
		"low threshold above the high": {
			annotations.Options{
				"image_gc_low_threshold_percent": number("90"), "image_gc_high_threshold_percent": number("85"),
			},
			"image_gc_low_threshold_percent",
			"image_gc_low_threshold_percent is 90, and image_gc_high_threshold_percent is 85: write a low " +
				"threshold that is below the high one",
		},
		"low threshold as high": {
			annotations.Options{
				"image_gc_low_threshold_percent": number("80"), "image_gc_high_threshold_percent": number("80"),
			},
			"image_gc_low_threshold_percent",
			"image_gc_low_threshold_percent is 80, and image_gc_high_threshold_percent is 80: write a low " +
				"threshold that is below the high one",
		},
		"low threshold of three digits": {
			annotations.Options{
				"image_gc_low_threshold_percent": number("100"), "image_gc_high_threshold_percent": number("20"),
			},
			"image_gc_low_threshold_percent",
			"image_gc_low_threshold_percent is 100, and image_gc_high_threshold_percent is 20: write a low " +
				"threshold that is below the high one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.options.Render()
			expect(t, err, test.blames, test.want)
		})
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	rendered, err := annotations.Options{
		"root_disk_size_gib": number("10"),
		"disk":               "x",
		"cbs_reuse_key":      true,
		"http_registries":    list("a"),
	}.Render()
	if rendered != nil {
		t.Errorf("rendered %v beside mistakes", rendered)
	}
	var blamed []string
	for mistake := range strings.Lines(err.Error()) {
		blamed = append(blamed, strings.Fields(mistake)[0])
	}
	if diff := cmp.Diff([]string{"cbs_reuse_key", "disk", "root_disk_size_gib"}, blamed); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func TestAnUnknownOptionNamesTheNearest(t *testing.T) {
	t.Parallel()
	const all = "one of image_cache, image_cache_disk_size_gib, image_cache_disk_type, " +
		"image_cache_disk_retain_minutes, root_disk_size_gib, root_disk_type, " +
		"image_gc_high_threshold_percent, image_gc_low_threshold_percent, image_gc_period, " +
		"container_gc_threshold_percent, must_keep_last_container, pod_eviction_threshold_percent, " +
		"insecure_registries, http_registries, cbs_reuse_key"
	for written, meant := range map[string]string{
		"root_disk_size":                        "root_disk_size_gib",
		"root_disk_size_gb":                     "root_disk_size_gib",
		"root-disk-size-gib":                    "root_disk_size_gib",
		"Root_Disk_Size_GiB":                    "root_disk_size_gib",
		"root-cbs-size":                         "root_disk_size_gib",
		annotations.RootCBSSize:                 "root_disk_size_gib",
		annotations.RootCBSType:                 "root_disk_type",
		"container-gc-threshold":                "container_gc_threshold_percent",
		annotations.PodEvictionThreshold:        "pod_eviction_threshold_percent",
		"imagecache":                            "image_cache",
		"use_image_cache":                       "image_cache",
		annotations.UseImageCache:               "image_cache",
		"image_cache_disk_retain_minute":        "image_cache_disk_retain_minutes",
		"image_cache_size_gib":                  "image_cache_disk_size_gib",
		"image_gc_high_threshold":               "image_gc_high_threshold_percent",
		"insecure_registry":                     "insecure_registries",
		annotations.RegistryInsecureSkipVerify:  "insecure_registries",
		"cbs_reuse":                             "cbs_reuse_key",
		"zzzzzzzzzzzzzzzzzzz":                   all,
		"":                                      all,
		"x":                                     all,
		"\U0001f600":                            all,
		"eks.tke.cloud.tencent.com/no-such-key": all,
	} {
		_, err := annotations.Options{written: nil}.Render()
		expect(t, err, written, written+" is not an option: write "+meant)
	}
}

// expect wants one mistake, in one option, told in these words if any are given.
func expect(t *testing.T, err error, option, text string) {
	t.Helper()
	var at *annotations.OptionError
	switch {
	case !errors.As(err, &at):
		t.Errorf("%s: no *OptionError but %v", option, err)
	case at.Option != option:
		t.Errorf("blames %q, want %q: %v", at.Option, option, err)
	case text != "" && err.Error() != text:
		t.Errorf("- want, + got:\n%s", cmp.Diff(text, err.Error()))
	}
}
