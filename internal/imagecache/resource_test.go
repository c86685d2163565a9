package imagecache_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const address = "tkeimage_cache.test"

// attributes are the arguments of the cache under test; merge gives variants of it.
type attributes map[string]string

var base = attributes{
	"name":      `"llm"`,
	"images":    `["registry.example.com/llm:v1"]`,
	"vpc_id":    `"vpc-508ctkfb"`,
	"subnet_id": `"subnet-8ah75lo8"`,
}

func (a attributes) with(more attributes) attributes {
	merged := attributes{}
	for _, from := range []attributes{a, more} {
		for name, value := range from {
			merged[name] = value
			if value == "" {
				delete(merged, name)
			}
		}
	}
	return merged
}

func configuration(cloud *tketest.Server, a attributes) string {
	var b strings.Builder
	b.WriteString(acctest.Configuration(cloud, "") + "\nresource \"tkeimage_cache\" \"test\" {\n")
	for name, value := range a {
		if block, ok := strings.CutPrefix(value, "{#block}"); ok {
			fmt.Fprintf(&b, "  %s %s\n", name, block)
			continue
		}
		fmt.Fprintf(&b, "  %s = %s\n", name, value)
	}
	b.WriteString("}\n")
	return b.String()
}

func actions(list ...plancheck.ResourceActionType) resource.ConfigPlanChecks {
	checks := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	for _, action := range list {
		checks.PreApply = append(checks.PreApply, plancheck.ExpectResourceAction(address, action))
	}
	return checks
}

func has(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), value)
}

func run(t *testing.T, cloud *tketest.Server, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Providers(),
		Steps:                    steps,
		CheckDestroy: func(*terraform.State) error {
			if left := cloud.Caches(); len(left) != 0 {
				return fmt.Errorf("left behind: %+v", left)
			}
			return nil
		},
	})
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	sameID, newID := statecheck.CompareValue(sameValue{}), statecheck.CompareValue(otherValue{})
	id := tfjsonpath.New("id")
	created := configuration(cloud, base)
	grown := configuration(cloud, base.with(attributes{"size_gib": "50"}))
	moved := configuration(cloud, base.with(attributes{"size_gib": "50", "vpc_id": `"vpc-other"`}))
	run(t, cloud,
		resource.TestStep{
			Config: created, ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				sameID.AddStateValue(address, id),
				has("id", knownvalue.StringRegexp(regexp.MustCompile(`^imc-[a-z0-9]{8}$`))),
				has("name", knownvalue.StringExact("llm")),
				has("status", knownvalue.StringExact("Ready")),
				has("type", knownvalue.StringExact("manual")),
				has("size_gib", knownvalue.Int64Exact(20)),
				has("retention_days", knownvalue.Int64Exact(0)),
				has("expires_at", knownvalue.Null()),
				has("created_at", knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`))),
				has("snapshot_id", knownvalue.StringRegexp(regexp.MustCompile(`^snap-`))),
				has("rebuild", knownvalue.StringExact("replace")),
				has("pod_annotations", knownvalue.MapSizeExact(1)),
			},
			Check: calls(cloud, 1, 0, 0),
		},
		resource.TestStep{
			Config:           grown,
			ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				sameID.AddStateValue(address, id),
				newID.AddStateValue(address, id),
				has("size_gib", knownvalue.Int64Exact(50)),
			},
			Check: calls(cloud, 1, 1, 0),
		},
		resource.TestStep{
			Config: moved, ConfigPlanChecks: actions(plancheck.ResourceActionDestroyBeforeCreate),
			ConfigStateChecks: []statecheck.StateCheck{newID.AddStateValue(address, id)},
			Check:             calls(cloud, 2, 1, 1),
		},
	)
}

func calls(cloud *tketest.Server, create, update, remove int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		got := [3]int{cloud.Calls(tke.ActionCreate), cloud.Calls(tke.ActionUpdate), cloud.Calls(tke.ActionDelete)}
		if want := [3]int{create, update, remove}; got != want {
			return fmt.Errorf("create, update, delete were called %v times, want %v", got, want)
		}
		return nil
	}
}

type sameValue struct{}

func (sameValue) CompareValues(values ...any) error {
	if len(slices.Compact(slices.Clone(values))) != 1 {
		return fmt.Errorf("the values differ: %v", values)
	}
	return nil
}

type otherValue struct{}

func (otherValue) CompareValues(values ...any) error {
	if len(slices.Compact(slices.Clone(values))) != len(values) {
		return fmt.Errorf("a value repeats: %v", values)
	}
	return nil
}

// TestEachAttribute creates with a value, changes it, and removes it: what each change costs, and
// what the service is told.
func TestEachAttribute(t *testing.T) {
	t.Parallel()
	const update, replace = plancheck.ResourceActionUpdate, plancheck.ResourceActionDestroyBeforeCreate
	for name, test := range map[string]struct {
		first, second     string
		change, remove    plancheck.ResourceActionType // remove is empty where the attribute cannot be left out
		field             string                       // of the request that carries the second value
		sent, sentRemoved any                          // its value, and the one that the removal sends
	}{
		"name":      {`"a"`, `"b"`, update, "", "ImageCacheName", "b", nil},
		"images":    {`["a:1"]`, `["a:1", "b:1"]`, update, "", "Images", []any{"a:1", "b:1"}, nil},
		"vpc_id":    {`"vpc-1"`, `"vpc-2"`, replace, "", "VpcId", "vpc-2", nil},
		"subnet_id": {`"subnet-1"`, `"subnet-2"`, replace, "", "SubnetId", "subnet-2", nil},
		"security_group_ids": {
			`["sg-1"]`, `["sg-2", "sg-1"]`, update, update, "SecurityGroupIds", []any{"sg-1", "sg-2"}, []any{},
		},
		"retention_days":  {`10`, `20`, update, update, "RetentionDays", 20.0, 0.0},
		"existing_eip_id": {`"eip-1"`, `"eip-2"`, replace, replace, "ExistedEipId", "eip-2", nil},
		"auto_eip": {
			`{ bandwidth_mbps = 5 }`, `{ bandwidth_mbps = 9, isp = "BGP", keep = true }`, replace, replace,
			"AutoCreateEipAttribute",
			map[string]any{"DeletePolicy": "Never", "InternetServiceProvider": "BGP", "InternetMaxBandwidthOut": 9.0},
			nil,
		},
		"insecure_registries": {
			`["a.example.com"]`, `["b.example.com:5000"]`, replace, replace, "RegistrySkipVerifyList",
			[]any{"b.example.com:5000"}, nil,
		},
		"http_registries": {
			`["a.example.com"]`, `["b.example.com"]`, replace, replace, "RegistryHttpEndPointList",
			[]any{"b.example.com"}, nil,
		},
		"resolve_config": {
			`"nameserver 1.1.1.1"`, `"nameserver 9.9.9.9\nsearch x"`, replace, replace, "ResolveConfig",
			"nameserver 9.9.9.9\nsearch x", nil,
		},
		"tags": {
			`{ team = "ml" }`, `{ team = "ai", x = "y" }`, update, update, "Tags",
			[]any{map[string]any{"Key": "team", "Value": "ai"}, map[string]any{"Key": "x", "Value": "y"}}, []any{},
		},
		"registry_credentials": {
			`{ "registry.example.com" = { username = "u", password_wo = "p1", password_wo_version = 1 } }`,
			`{ "registry.example.com" = { username = "u", password_wo = "p2", password_wo_version = 2, name = "n" } }`,
			update, update, "ImageRegistryCredentials",
			[]any{map[string]any{"Server": "registry.example.com", "Username": "u", "Password": "p2", "Name": "n"}},
			[]any{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			steps := []resource.TestStep{
				{
					Config:           configuration(cloud, base.with(attributes{name: test.first})),
					ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
					Check:            calls(cloud, 1, 0, 0),
				},
				{
					Config:           configuration(cloud, base.with(attributes{name: test.second})),
					ConfigPlanChecks: actions(test.change),
					Check:            lastWrite(cloud, test.field, test.sent),
				},
			}
			if test.remove != "" {
				steps = append(
					steps,
					resource.TestStep{
						Config:           configuration(cloud, base),
						ConfigPlanChecks: actions(test.remove),
						Check:            lastWrite(cloud, test.field, test.sentRemoved),
					},
				)
			}
			run(t, cloud, steps...)
		})
	}
}

// lastWrite checks one field of the last create or update; nil means that it was not sent.
func lastWrite(cloud *tketest.Server, field string, want any) resource.TestCheckFunc {
	return func(*terraform.State) error {
		var last tketest.Request
		for _, request := range cloud.Requests() {
			if request.Action == tke.ActionCreate || request.Action == tke.ActionUpdate {
				last = request
			}
		}
		if got := last.Body[field]; fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
			return fmt.Errorf("%s: %s was %#v, want %#v", last.Action, field, got, want)
		}
		return nil
	}
}

func TestShrinkingReplacesAndLeavingSizeOutKeepsIt(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	size := func(gib string) attributes { return base.with(attributes{"size_gib": gib}) }
	run(
		t,
		cloud,
		resource.TestStep{
			Config:           configuration(cloud, size("50")),
			ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
		},
		resource.TestStep{
			Config:            configuration(cloud, size("")),
			ConfigPlanChecks:  actions(plancheck.ResourceActionNoop),
			ConfigStateChecks: []statecheck.StateCheck{has("size_gib", knownvalue.Int64Exact(50))},
		},
		resource.TestStep{
			Config:           configuration(cloud, size("30")),
			ConfigPlanChecks: actions(plancheck.ResourceActionDestroyBeforeCreate),
			Check:            calls(cloud, 2, 0, 1),
		},
	)
}

func TestANameIsMadeUpAndStays(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	name := statecheck.CompareValue(sameValue{})
	unnamed := base.with(attributes{"name": ""})
	run(
		t,
		cloud,
		resource.TestStep{Config: configuration(cloud, unnamed), ConfigStateChecks: []statecheck.StateCheck{
			name.AddStateValue(address, tfjsonpath.New("name")),
			has("name", knownvalue.StringRegexp(regexp.MustCompile(`^tf-[a-z0-9]{12}$`))),
		}},
		resource.TestStep{
			Config:           configuration(cloud, unnamed.with(attributes{"retention_days": "9"})),
			ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				name.AddStateValue(address, tfjsonpath.New("name")),
				has("expires_at", knownvalue.NotNull()),
			},
		},
	)
}

// TestOutsideChanges: changes made outside Terraform are detected and corrected, at the price that
// it costs.
func TestOutsideChanges(t *testing.T) {
	t.Parallel()
	const (
		update  = plancheck.ResourceActionUpdate
		replace = plancheck.ResourceActionDestroyBeforeCreate
		create  = plancheck.ResourceActionCreate
	)
	full := base.with(attributes{"size_gib": "50", "retention_days": "10", "tags": `{ team = "ml" }`})
	for name, test := range map[string]struct {
		act    func(*tketest.Server, string)
		action plancheck.ResourceActionType
	}{
		"grown":           {modify(func(c *tketest.Cache) { c.SizeGiB = 100 }), replace},
		"shrunk":          {modify(func(c *tketest.Cache) { c.SizeGiB = 20 }), update},
		"renamed":         {modify(func(c *tketest.Cache) { c.Name = "x" }), update},
		"other images":    {modify(func(c *tketest.Cache) { c.Images = []string{"x:1"} }), update},
		"other retention": {modify(func(c *tketest.Cache) { c.RetentionDays = 0 }), update},
		"other tags":      {modify(func(c *tketest.Cache) { c.Tags = []tketest.Tag{{Key: "a", Value: "b"}} }), update},
		"tags taken away": {modify(func(c *tketest.Cache) { c.Tags = nil }), update},
		"failed":          {modify(func(c *tketest.Cache) { c.Status = tketest.StatusFailed }), replace},
		"update failed":   {modify(func(c *tketest.Cache) { c.Status = tketest.StatusUpdateFailed }), update},
		"deleted":         {func(s *tketest.Server, id string) { s.Delete(id) }, create},
		"matched by a Pod": {
			modify(func(c *tketest.Cache) { c.LastMatchedAt = c.CreatedAt.AddDate(0, 0, 1) }),
			plancheck.ResourceActionNoop,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			run(t, cloud,
				resource.TestStep{Config: configuration(cloud, full)},
				resource.TestStep{
					PreConfig:        func() { test.act(cloud, cloud.Caches()[0].ID) },
					Config:           configuration(cloud, full),
					ConfigPlanChecks: actions(test.action),
					ConfigStateChecks: []statecheck.StateCheck{
						has("status", knownvalue.StringExact("Ready")),
						has("size_gib", knownvalue.Int64Exact(50)),
						has("retention_days", knownvalue.Int64Exact(10)),
					},
				},
			)
		})
	}
}

func modify(change func(*tketest.Cache)) func(*tketest.Server, string) {
	return func(s *tketest.Server, id string) { s.Modify(id, change) }
}

func TestAFailedBuildTaintsAndIsReplaced(t *testing.T) {
	t.Parallel()
	fails := true
	cloud := acctest.Cloud(t, tketest.Options{Builder: func(context.Context, tketest.Cache) error {
		if fails {
			return errors.New("failed to resolve reference: dial tcp 1.2.3.4:443: i/o timeout")
		}
		return nil
	}})
	run(t, cloud,
		resource.TestStep{
			Config: configuration(cloud, base),
			ExpectError: acctest.MatchWrapped(
				`Cannot build image cache imc-.*warning events.*i/o timeout.*needs a NAT gateway`,
			),
		},
		resource.TestStep{
			PreConfig:        func() { fails = false },
			Config:           configuration(cloud, base),
			ConfigPlanChecks: actions(plancheck.ResourceActionDestroyBeforeCreate),
			Check:            calls(cloud, 2, 0, 1),
		},
	)
}

// TestATooSmallDiskSaysWhichSizeWouldDo: the stand-in really pulls the image and finds no room for
// it, since a GiB has a few hundred bytes there; what is measured afterwards is measured in ours.
func TestATooSmallDiskSaysWhichSizeWouldDo(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	image := push(t, registry.Host+"/app:v1")
	cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1, BytesPerGiB: 512})
	run(t, cloud, resource.TestStep{
		Config: configuration(cloud, base.with(attributes{"images": fmt.Sprintf("[%q]", image)})),
		ExpectError: acctest.MatchWrapped(
			`no space left on device.*Raise size_gib.*` +
				`Measured now, these images should fit: they need a cache of 20 GiB`,
		),
	})
}

func push(t *testing.T, reference string) string {
	t.Helper()
	layer, err := random.Layer(50_000, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	image, err := imagetest.Build("amd64", layer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := imagetest.Push(t.Context(), reference, image); err != nil {
		t.Fatal(err)
	}
	return reference
}

func TestATimeoutKeepsTheID(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{Builder: func(ctx context.Context, _ tketest.Cache) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	run(t, cloud, resource.TestStep{
		Config: configuration(cloud, base.with(attributes{"timeouts": `{ create = "1s" }`})),
		ExpectError: acctest.MatchWrapped(
			`Waiting for image cache imc-.*, whose last status was Pending, ended: ` +
				`the time that .timeouts. allows ran out.*untaint`,
		),
	}) // CheckDestroy: what is in the state can be destroyed, so nothing is left
}
