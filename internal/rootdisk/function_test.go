package rootdisk_test

import (
	"context"
	"fmt"
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/rootdisk"
)

func call(arguments string) string {
	return fmt.Sprintf("output \"test\" {\n  value = provider::tkeimage::root_disk_size_gib(%s)\n}\n", arguments)
}

func gives(value knownvalue.Check) []statecheck.StateCheck {
	return []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", value)}
}

func TestTheFunctionGivesTheSmallestDisk(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	var steps []resource.TestStep
	for arguments, size := range map[string]int64{
		"0, null, null":                       20,
		"15 * 1024 * 1024 * 1024, null, null": 20,
		"16 * 1024 * 1024 * 1024, null, null": 30, // the file system takes its share of 20 GiB
		"\"17179869184\", 0, 80":              30,
		"17179869183.5, null, null":           30, // rounded up to whole bytes
		"5000, 30, null":                      40,
		"5000, 30.5, 100":                     40,
		"5000, 30, 50":                        70,
	} {
		steps = append(
			steps,
			resource.TestStep{Config: call(arguments), ConfigStateChecks: gives(knownvalue.Int64Exact(size))},
		)
	}
	run(t, steps...)
}

func TestTheFunctionAgreesWithTheDataSource(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	reference, _ := push(
		t, registry.Host+"/app:v1", image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 500_000})),
	)
	run(t, resource.TestStep{
		Config: configuration("", "writable_gib = 45.25\n max_utilization_percent = 70", reference) + `
output "test" {
  value = provider::tkeimage::root_disk_size_gib(data.tkeimage_root_disk_size.test.required_bytes_max, 45.25, 70) == data.tkeimage_root_disk_size.test.size_gib
}
`,
		ConfigStateChecks: gives(knownvalue.Bool(true)),
	})
}

func TestWrongArgumentsAreBlamed(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	for arguments, says := range map[string]string{
		"-1, null, null": `"required_bytes" parameter: -1 is not between 0 and 34359738368000 bytes, ` +
			`which is 32000 GiB, the largest disk`,
		"pow(2, 70), null, null":           `"required_bytes" parameter: 1\.180591621e\+21 is not between`,
		"null, 0, null":                    `"required_bytes" parameter: argument must not be null`,
		"31000 * pow(1024, 3), null, null": `"required_bytes" parameter: no disk holds 31000\.0 GiB`,
		"1, 31000, null":                   `"writable_gib" parameter: no disk holds`,
		"1, -0.5, null":                    `"writable_gib" parameter: -0\.5 GiB is not between 0 and 32000 GiB`,
		"1, null, 101": `"max_utilization_percent" parameter: 101 is not a whole number of percent ` +
			`from 1 to 100, such as 80`,
		"1, null, 0":         `"max_utilization_percent" parameter: 0 is not`,
		"1, null, 80.5":      `"max_utilization_percent" parameter: 80\.5 is not`,
		`"50Gi", null, null`: `"required_bytes" parameter: a number is required`,
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Parallel()
			run(
				t,
				resource.TestStep{
					Config:      call(arguments),
					PlanOnly:    true,
					ExpectError: acctest.MatchWrapped(`Invalid value for ` + says),
				},
			)
		})
	}
}

func TestTheFunctionServesPoliciesAndWaitsForWhatIsUnknown(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	policy := func(gib int) string {
		return fmt.Sprintf(`
resource "terraform_data" "need" {
  input = %d * 1024 * 1024 * 1024

  lifecycle {
    precondition {
      condition     = provider::tkeimage::root_disk_size_gib(%[1]d * 1024 * 1024 * 1024, null, null) <= var.budget
      error_message = "The disk is over budget."
    }
  }
}

variable "budget" {
  default = 50
}

check "budget" {
  assert {
    condition     = provider::tkeimage::root_disk_size_gib(terraform_data.need.output, null, null) <= var.budget
    error_message = "The disk is over budget."
  }
}
`, gib) + call("terraform_data.need.output, null, null")
	}
	run(t,
		resource.TestStep{
			Config: policy(30),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownOutputValue("test")},
			},
			ConfigStateChecks: gives(knownvalue.Int64Exact(40)),
		},
		resource.TestStep{
			Config: policy(50), PlanOnly: true,
			ExpectError: acctest.MatchWrapped("The disk is over budget."),
		},
	)
}

// FuzzFunction: any numbers give a disk that holds them, or blame an argument.
func FuzzFunction(f *testing.F) {
	f.Add(1e10, 0.5, 80.0)
	f.Add(-1.0, 32000.0, 1.0)
	f.Add(3e13, 1e300, 100.0)
	f.Fuzz(func(t *testing.T, required, writable, utilization float64) {
		if required-required != 0 || writable-writable != 0 || utilization-utilization != 0 {
			t.Skip("Terraform has no such number")
		}
		ctx := context.Background()
		number := func(n float64) attr.Value { return types.NumberValue(big.NewFloat(n)) }
		resp := function.RunResponse{Result: function.NewResultData(types.Int64Unknown())}
		rootdisk.NewFunction().Run(ctx, function.RunRequest{
			Arguments: function.NewArgumentsData([]attr.Value{number(required), number(writable), number(utilization)}),
		}, &resp)
		if resp.Error != nil {
			if resp.Error.FunctionArgument == nil {
				t.Fatalf("blames nothing: %v", resp.Error)
			}
			return
		}
		size, isSize := resp.Result.Value().(types.Int64)
		if !isSize {
			t.Fatalf("%T", resp.Result.Value())
		}
		usable := float64(disksize.Ext4(size.ValueInt64()).UsableBytes) * utilization / 100
		if need := required + writable*disksize.GiB; need > usable*(1+1e-12)+1 {
			t.Fatalf("%v bytes do not fit %d GiB at %v %%", need, size.ValueInt64(), utilization)
		}
	})
}
