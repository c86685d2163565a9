package diskprice_test

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs/cbstest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// startDisks starts the stand-in, which sells CLOUD_PREMIUM at 0.000488 for a GiB and an hour.
func startDisks(t *testing.T) (server *cbstest.Server, url string) {
	t.Helper()
	acctest.CLI(t)
	key := apitest.Credential{SecretID: "AKIDtest", SecretKey: "key"}
	server = cbstest.New(cbstest.Options{
		Lookup:     func(id string) (apitest.Credential, bool) { return key, id == key.SecretID },
		PerGiBHour: map[string]*big.Rat{"CLOUD_PREMIUM": big.NewRat(488, 1_000_000)},
		Zones:      map[string][]string{"ap-guangzhou-3": {"CLOUD_PREMIUM"}},
	})
	return server, apitest.Start(t, server)
}

func configure(url, providerArguments, arguments string) string {
	return fmt.Sprintf(`
provider "tkeimage" {
  secret_id  = "AKIDtest"
  secret_key = "key"
  endpoints  = { cbs = %q }
  %s
}

data "tkeimage_disk_price" "test" {
  %s
}
`, url, providerArguments, arguments)
}

func runSteps(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	for i := range steps {
		if steps[i].ExpectError == nil {
			steps[i].ConfigPlanChecks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

// exactNumber matches a decimal as Terraform reads it, which is with 512 bits.
func exactNumber(t *testing.T, decimal string) knownvalue.Check {
	t.Helper()
	number, _, err := big.ParseFloat(decimal, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return knownvalue.NumberExact(number)
}

func checkPrice(t *testing.T, perHour, perGiBMonth, currency string) []statecheck.StateCheck {
	t.Helper()
	const address = "data.tkeimage_disk_price.test"
	return []statecheck.StateCheck{
		statecheck.ExpectKnownValue(address, tfjsonpath.New("price_per_hour"), exactNumber(t, perHour)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("price_gib_month"), exactNumber(t, perGiBMonth)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("currency"), knownvalue.StringExact(currency)),
	}
}

func TestTheDataSourceReadsThePriceOfADisk(t *testing.T) {
	t.Parallel()
	server, url := startDisks(t)
	const disk = `
  disk_type = "CLOUD_PREMIUM"
  size_gib  = 50`
	runSteps(
		t,
		resource.TestStep{
			Config:            configure(url, "", disk),
			ConfigStateChecks: checkPrice(t, "0.0244", "0.35624", "CNY"),
		},
		resource.TestStep{
			Config: configure(
				url,
				`domain = "intl.tencentcloudapi.com"`,
				disk+"\n  zone = \"ap-guangzhou-3\"",
			),
			ConfigStateChecks: checkPrice(t, "0.0244", "0.35624", "USD"),
		},
	)
	if server.Calls(cbstest.DescribeDiskConfigQuota) == 0 {
		t.Error("the zone was not looked up")
	}
}

func TestWhatIsNotSoldIsAnErrorOnItsArgument(t *testing.T) {
	t.Parallel()
	_, url := startDisks(t)
	const inZone = "\n zone = \"ap-guangzhou-3\""
	for _, test := range []struct {
		diskType string
		size     int
		zone     string
		want     string
	}{
		{"CLOUD_SSD", 50, "", `"CLOUD_SSD".*InvalidParameterValue.*check disk_type and size_gib`},
		{"CLOUD_SSD", 50, inZone, `sells no disk of type CLOUD_SSD by the hour`},
		{"CLOUD_PREMIUM", 55, inZone, `of 20 to 32000 GiB in steps of 10, and size_gib is 55`},
		{"premium", 50, "", `write a type of cloud disk, such as CLOUD_PREMIUM`},
		{"CLOUD_PREMIUM", 0, "", `between 1 and 32000`},
	} {
		arguments := fmt.Sprintf("disk_type = %q\n size_gib = %d%s", test.diskType, test.size, test.zone)
		runSteps(t, resource.TestStep{
			Config: configure(url, "", arguments), ExpectError: acctest.MatchWrapped(test.want),
		})
	}
}

// TestACheckWarnsOfADiskThatAZoneDoesNotSell, as the guide writes it: pod_annotations cannot warn.
func TestACheckWarnsOfADiskThatAZoneDoesNotSell(t *testing.T) {
	t.Parallel()
	_, url := startDisks(t)
	for diskType, status := range map[string]checkStatus{"CLOUD_PREMIUM": "pass", "CLOUD_HSSD": "fail"} {
		provider, _, _ := strings.Cut(configure(url, "", ""), "data ")
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{{
			Config: provider + fmt.Sprintf(`
check "the_disk_is_sold" {
  data "tkeimage_disk_price" "llm" {
    disk_type = %q
    size_gib  = 50
    zone      = "ap-guangzhou-3"
  }

  assert {
    condition     = data.tkeimage_disk_price.llm.price_per_hour > 0
    error_message = "The zone has no price for this disk."
  }
}
`, diskType),
			ConfigStateChecks:  []statecheck.StateCheck{status},
			ExpectNonEmptyPlan: true, // each apply reads the data source of a check again
		}}})
	}
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

func TestAPriceNeedsCredentials(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	config := "provider \"tkeimage\" {}\ndata \"tkeimage_disk_price\" \"test\" {\n disk_type = \"CLOUD_PREMIUM\"\n " +
		"size_gib = 50\n}\n"
	runSteps(
		t,
		resource.TestStep{
			Config:      config,
			ExpectError: acctest.MatchWrapped(`Cannot price a disk of type CLOUD_PREMIUM and 50 GiB`),
		},
	)
}

func TestMonthlyCostIsTheSumOfItsTerms(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	const call = `
output "cost" {
  value = provider::tkeimage::monthly_cost({
    size_gib = 50, pods = 10, hours_per_month = 365, disk_price_gib_month = 0.35, snapshot_price_gib_month = 0.12
  })
}`
	runSteps(t, resource.TestStep{Config: call, ConfigStateChecks: []statecheck.StateCheck{
		statecheck.ExpectKnownOutputValue("cost", knownvalue.ObjectExact(map[string]knownvalue.Check{
			"image_cache": exactNumber(t, "93.5"), // 50 × 0.12, and 50 × 10 × ½ × 0.35
			"root_disk":   exactNumber(t, "52.5"), // 30 × 10 × ½ × 0.35
			"cheaper":     knownvalue.StringExact("root_disk"),
			"terms": knownvalue.ObjectExact(map[string]knownvalue.Check{
				"snapshot":     exactNumber(t, "6"),
				"cache_disks":  exactNumber(t, "87.5"),
				"system_disks": exactNumber(t, "52.5"),
				"billable_gib": exactNumber(t, "30"),
			}),
		})),
	}})
}

func TestMonthlyCostNamesEveryMistake(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	const call = `
output "cost" {
  value = provider::tkeimage::monthly_cost({
    size = 50, size_gib = -1, pods = "ten", disk_price_gib_month = 0.35, snapshot_price_gib_month = null
  })
}`
	for _, want := range []string{
		`size is not an option: write one of size_gib, pods`, `size_gib is -1: write a number from 1 to 32000`,
		`pods is "ten": write a number`,
		`snapshot_price_gib_month is missing`,
	} {
		runSteps(t, resource.TestStep{Config: call, PlanOnly: true, ExpectError: acctest.MatchWrapped(want)})
	}
	runSteps(
		t,
		resource.TestStep{
			Config:      `output "cost" { value = provider::tkeimage::monthly_cost(50) }`,
			PlanOnly:    true,
			ExpectError: acctest.MatchWrapped("it is no object"),
		},
	)
}

func TestMonthlyCostWaitsForWhatIsUnknown(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	const call = `
resource "terraform_data" "pods" {
  input = 3
}
output "cost" {
  value = provider::tkeimage::monthly_cost({
    size_gib = 20, pods = terraform_data.pods.output, disk_price_gib_month = 1, snapshot_price_gib_month = 0
  }).cheaper
}`
	runSteps(t, resource.TestStep{Config: call, ConfigStateChecks: []statecheck.StateCheck{
		statecheck.ExpectKnownOutputValue("cost", knownvalue.StringExact("root_disk")),
	}})
}
