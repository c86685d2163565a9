package annotations_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
)

// output is a configuration that does nothing but call functions.
func output(expression string) string {
	return fmt.Sprintf("output \"test\" {\n  value = %s\n}\n", expression)
}

func podAnnotations(options string) string {
	return "provider::tkeimage::pod_annotations(" + options + ")"
}

func is(value knownvalue.Check) []statecheck.StateCheck {
	return []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", value)}
}

// holds wants these annotations and no others; keys are without their prefix.
func holds(annotations map[string]string) []statecheck.StateCheck {
	want := map[string]knownvalue.Check{}
	for key, value := range annotations {
		want["eks.tke.cloud.tencent.com/"+key] = knownvalue.StringExact(value)
	}
	return is(knownvalue.MapExact(want))
}

func run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	acctest.CLI(t)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

func TestPodAnnotationsOfEachDisk(t *testing.T) {
	t.Parallel()
	run(
		t,
		resource.TestStep{
			Config: output(podAnnotations(`{
  image_cache                     = "imc-6a3e8yzc"
  image_cache_disk_size_gib       = 100
  image_cache_disk_type           = "CLOUD_SSD"
  image_cache_disk_retain_minutes = 60
  insecure_registries             = toset(["b.example.com:5000", "a.example.com"])
  http_registries                 = ["c.example.com", "a.example.com"]
  root_disk_size_gib              = null
}`)),
			ConfigStateChecks: holds(map[string]string{
				"use-image-cache":                "imc-6a3e8yzc",
				"image-cache-disk-size":          "100",
				"image-cache-disk-type":          "CLOUD_SSD",
				"image-cache-disk-retain-minute": "60",
				"registry-insecure-skip-verify":  "a.example.com,b.example.com:5000",
				"registry-http-endpoint":         "c.example.com,a.example.com",
			}),
		},
		resource.TestStep{
			Config: output(podAnnotations(`{
  root_disk_size_gib              = 50
  image_gc_high_threshold_percent = 90
  image_gc_low_threshold_percent  = 85
  cbs_reuse_key                   = "llm"
  http_registries                 = tolist(["a.example.com"])
  insecure_registries             = []
}`)),
			ConfigStateChecks: holds(map[string]string{
				"root-cbs-size":           "50",
				"image-gc-high-threshold": "90",
				"image-gc-low-threshold":  "85",
				"cbs-reuse-key":           "llm",
				"registry-http-endpoint":  "a.example.com",
			}),
		},
		resource.TestStep{
			Config:            output(podAnnotations(`{ root_disk_size_gib = 20 }`)),
			ConfigStateChecks: holds(map[string]string{"root-cbs-size": "20"}),
		},
		resource.TestStep{
			Config: output(
				podAnnotations(`tomap({ root_disk_size_gib = 50, image_gc_low_threshold_percent = null })`),
			),
			ConfigStateChecks: holds(map[string]string{"root-cbs-size": "50"}),
		},
		resource.TestStep{
			Config:            output(podAnnotations(`{ image_cache = "auto" }`)),
			ConfigStateChecks: holds(map[string]string{"use-image-cache": "auto"}),
		},
		resource.TestStep{ // the system disk is for when no cache matches
			Config: output(podAnnotations(`{
  image_cache                    = "auto"
  root_disk_size_gib             = 50
  root_disk_type                 = "CLOUD_SSD"
  image_gc_period                = "5m"
  container_gc_threshold_percent = 90
  must_keep_last_container       = true
  pod_eviction_threshold_percent = 95
}`)),
			ConfigStateChecks: holds(map[string]string{
				"use-image-cache":          "auto",
				"root-cbs-size":            "50",
				"root-cbs-type":            "CLOUD_SSD",
				"image-gc-period":          "5m",
				"container-gc-threshold":   "90",
				"must-keep-last-container": "true",
				"pod-eviction-threshold":   "95",
			}),
		},
		resource.TestStep{Config: output(podAnnotations(`{}`)), ConfigStateChecks: holds(nil)},
	)
}

// TestWrongUseIsRefusedInThePlan: which key, and what to write instead, attributed to the argument.
func TestWrongUseIsRefusedInThePlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ options, says string }{
		"a unit": {
			`{ root_disk_size_gib = "50Gi" }`,
			`root_disk_size_gib is the string "50Gi": write the number alone, without quotes and unit: ` +
				`root_disk_size_gib = 50`,
		},
		"too small": {
			`{ root_disk_size_gib = 10 }`, `root_disk_size_gib is 10: write a whole number of GiB from 20 to 32000`,
		},
		"a system disk beside a cache": {
			`{ image_cache = "imc-6a3e8yzc", root_disk_size_gib = 50 }`,
			`root_disk_size_gib has no effect beside image_cache = "imc-6a3e8yzc", because the Pod's disk is always ` +
				`made from that cache: write image_cache_disk_size_gib = 50 instead`,
		},
		"a duration without a unit": {
			`{ image_gc_period = 5 }`, `image_gc_period is 5, without a unit: write image_gc_period = "5m"`,
		},
		"an unknown key": {`{ root_disk_size = 50 }`, `root_disk_size is not an option: write root_disk_size_gib`},
		"true for a cache": {
			`{ image_cache = true }`,
			`image_cache is true: write image_cache = "auto" or the id of a cache, imc-…, such as`,
		},
		"a map of strings": {
			`tomap({ image_cache = "auto", image_cache_disk_size_gib = "50" })`,
			`image_cache_disk_size_gib is the string "50": write the number alone`,
		},
		"no cache": {
			`{ image_cache_disk_size_gib = 50 }`, `image_cache_disk_size_gib stands without image_cache`,
		},
		"null in a list": {`{ http_registries = ["a", null] }`, `http_registries holds null`},
		"no object":      {`"auto"`, `it is the string "auto": write an object, such as { root_disk_size_gib = 50 }`},
		"a list":         {`["auto"]`, `it is a list: write an object`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(
				t,
				resource.TestStep{
					Config:   output(podAnnotations(test.options)),
					PlanOnly: true,
					ExpectError: acctest.MatchWrapped(
						`Invalid value for "options" parameter: ` + regexp.QuoteMeta(test.says),
					),
				},
			)
		})
	}
}

func TestSeveralMistakesAreToldApart(t *testing.T) {
	t.Parallel()
	run(t, resource.TestStep{
		Config:   output(podAnnotations(`{ root_disk_size_gib = 10, imagecache = "auto" }`)),
		PlanOnly: true,
		ExpectError: regexp.MustCompile(
			`(?s)imagecache is not an option: write\s+image_cache\s*\n\s*\n.*root_disk_size_gib\s+is\s+10`,
		),
	})
}

const cacheOfLater = `
resource "terraform_data" "cache" {
  input = "imc-6a3e8yzc"
}
`

// TestWhatIsUnknownInThePlanIsThereAfterwards, and does not hide what is wrong beside it.
func TestWhatIsUnknownInThePlanIsThereAfterwards(t *testing.T) {
	t.Parallel()
	const (
		later     = `terraform_data.cache.output == "imc-6a3e8yzc"`
		withCache = `{ image_cache = "imc-6a3e8yzc", http_registries = `
	)
	for name, options := range map[string]string{
		"an option":       `{ image_cache = terraform_data.cache.output, http_registries = ["a"] }`,
		"a host":          withCache + `[` + later + ` ? "a" : "b"] }`,
		"a whole list":    withCache + later + ` ? ["a"] : [] }`,
		"all the options": later + ` ? ` + withCache + `["a"] } : null`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{
				Config: cacheOfLater + output(podAnnotations(options)),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownOutputValue("test")},
				},
				ConfigStateChecks: holds(
					map[string]string{"use-image-cache": "imc-6a3e8yzc", "registry-http-endpoint": "a"},
				),
			})
		})
	}
	run(t, resource.TestStep{
		Config: cacheOfLater + output(
			podAnnotations(`{ image_cache = terraform_data.cache.output, image_cache_disk_size_gib = 10 }`),
		),
		PlanOnly: true,
		ExpectError: acctest.MatchWrapped(
			"image_cache_disk_size_gib is 10: write a whole number of GiB from 20 to 32000",
		),
	})
	run(t, resource.TestStep{ // only the apply knows
		Config:      cacheOfLater + output(podAnnotations(`{ image_cache = upper(terraform_data.cache.output) }`)),
		ExpectError: acctest.MatchWrapped(`"IMC-6A3E8YZC", which is no id of a cache`),
	})
}

// TestEKSConfigIsReadByTerraformItself: its YAML parser is another one than that of the tests
// without it, and it brings the text into normal form C.
func TestEKSConfigIsReadByTerraformItself(t *testing.T) {
	t.Parallel()
	const hard = `
locals {
  written = merge(provider::tkeimage::pod_annotations({ root_disk_size_gib = 50, cbs_reuse_key = "\n\u0301: #" }), {
    "a"           = "\n\u0301"
    "\n\u0327b"   = "\u007f\u0301 \\\u0301 \t\n\n c"
    "yes"         = "1e3"
    "null"        = ""
    "é: 机器学习" = "é \"quoted\" 机器学习\u1100\u1161"
  })
  text = provider::tkeimage::eks_config(local.written)
}
`
	run(
		t,
		resource.TestStep{
			Config:            hard + output("jsonencode(yamldecode(local.text)) == jsonencode(local.written)"),
			ConfigStateChecks: is(knownvalue.Bool(true)),
		},
		resource.TestStep{
			Config: output("provider::tkeimage::eks_config(" +
				podAnnotations(`{ root_disk_size_gib = 50, image_gc_high_threshold_percent = 90 }`) + ")"),
			ConfigStateChecks: is(
				knownvalue.StringExact(
					"eks.tke.cloud.tencent.com/image-gc-high-threshold: " +
						"\"90\"\neks.tke.cloud.tencent.com/root-cbs-size: \"50\"\n",
				),
			),
		},
		resource.TestStep{
			Config:            output(`provider::tkeimage::eks_config({})`),
			ConfigStateChecks: is(knownvalue.StringExact("{}\n")),
		},
		resource.TestStep{
			Config:   output(`provider::tkeimage::eks_config({ "a.example.com/b" = null, "c" = "d" })`),
			PlanOnly: true,
			ExpectError: acctest.MatchWrapped(
				`Invalid value for "annotations" parameter: annotation "a.example.com/b" is null: write a string, or ` +
					`leave the annotation out`,
			),
		},
		resource.TestStep{
			Config: cacheOfLater + output(
				`provider::tkeimage::eks_config({ a = terraform_data.cache.output })`,
			),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownOutputValue("test")},
			},
			ConfigStateChecks: is(knownvalue.StringExact("\"a\": \"imc-6a3e8yzc\"\n")),
		},
	)
}

func TestAPreconditionStopsAPlan(t *testing.T) {
	t.Parallel()
	policy := func(size int) string {
		return fmt.Sprintf(`
locals {
  annotations = provider::tkeimage::pod_annotations({ root_disk_size_gib = %d })
}

output "test" {
  value = true

  precondition {
    condition     = tonumber(local.annotations["eks.tke.cloud.tencent.com/root-cbs-size"]) <= 50
    error_message = "The disk is over budget."
  }
}
`, size)
	}
	run(t,
		resource.TestStep{Config: policy(50), ConfigStateChecks: is(knownvalue.Bool(true))},
		resource.TestStep{
			Config: policy(60), PlanOnly: true,
			ExpectError: acctest.MatchWrapped("The disk is over budget."),
		},
	)
}

func TestACheckWarns(t *testing.T) {
	t.Parallel()
	check := func(text string) string {
		return fmt.Sprintf(`
locals {
  text = %q
}

check "default" {
  assert {
    condition     = provider::tkeimage::eks_config({ "a.example.com/b" = "50" }) == local.text
    error_message = "The cluster's default is another one."
  }
}
`, text) + output("true")
	}
	run(
		t,
		resource.TestStep{
			Config:            check("a.example.com/b: \"50\"\n"),
			ConfigStateChecks: []statecheck.StateCheck{checkStatus("pass")},
		},
		resource.TestStep{
			Config:            check("a.example.com/b: 50\n"),
			ConfigStateChecks: []statecheck.StateCheck{checkStatus("fail")},
		},
	)
}

// checkStatus is what became of the one check block of a configuration.
type checkStatus string

func (want checkStatus) CheckState(
	_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse,
) {
	if checks := req.State.Checks; len(checks) != 1 || string(checks[0].Status) != string(want) {
		resp.Error = fmt.Errorf("checks are %+v, want one whose status is %s", checks, want)
	}
}
