package provider_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// configured is the provider as the CLI has it, without the wire: it reads caches of a stand-in.
type configured struct {
	tfprotov6.ProviderServer
	service *tketest.Server
	cache   tftypes.Type
	ids     []string
}

func newConfigured(tb testing.TB, caches int) *configured {
	tb.Helper()
	service := tketest.New(tketest.Options{RequestsPerSecond: -1, Pace: -1, Builder: tketest.InstantBuilder})
	tb.Cleanup(service.Close)
	environment := map[string]string{
		"TENCENTCLOUD_SECRET_ID": tketest.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY": tketest.DefaultSecretKey,
		"TKEIMAGE_ENDPOINT_TKE": service.URL, "TENCENTCLOUD_REGION": tketest.DefaultRegion,
	}
	c := &configured{service: service, ProviderServer: provider.NewServer(provider.Options{
		LookupEnv: func(name string) (string, bool) { value, found := environment[name]; return value, found },
	})()}
	for range caches {
		c.ids = append(c.ids, service.Put(tketest.Cache{Images: []string{"registry.example.com/app:v1"}}).ID)
	}
	schema, err := c.GetProviderSchema(tb.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		tb.Fatal(err)
	}
	c.cache = schema.ResourceSchemas["tkeimage_cache"].ValueType()
	settings, ok := schema.Provider.ValueType().(tftypes.Object)
	if !ok {
		tb.Fatal("the provider's settings are no object")
	}
	values := nulls(settings)
	values["max_requests_per_second"] = tftypes.NewValue(tftypes.Number, 10_000)
	config, err := tfprotov6.NewDynamicValue(settings, tftypes.NewValue(settings, values))
	if err != nil {
		tb.Fatal(err)
	}
	answer, err := c.ConfigureProvider(
		tb.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: &config},
	)
	if err != nil || len(answer.Diagnostics) > 0 {
		tb.Fatal(err, answer.Diagnostics)
	}
	return c
}

func nulls(of tftypes.Object) map[string]tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, kind := range of.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
	}
	return values
}

// read refreshes one cache, of which the state knows the id.
func (c *configured) read(ctx context.Context, id string) error {
	object, ok := c.cache.(tftypes.Object)
	if !ok {
		return fmt.Errorf("%s is no object", c.cache)
	}
	values := nulls(object)
	values["id"] = tftypes.NewValue(tftypes.String, id)
	state, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	if err != nil {
		return err
	}
	answer, err := c.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: "tkeimage_cache", CurrentState: &state})
	if err != nil {
		return err
	}
	for _, d := range answer.Diagnostics {
		return fmt.Errorf("%s: %s", d.Summary, d.Detail)
	}
	return nil
}

// refresh reads as Terraform does: ten at a time.
func (c *configured) refresh(ctx context.Context, tb testing.TB) {
	tb.Helper()
	next := make(chan string)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for id := range next {
				if err := c.read(ctx, id); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	for _, id := range c.ids {
		next <- id
	}
	close(next)
	all.Wait()
}

// What the framework allocates for one read was 7,300 pieces, of which our own part is small. This
// is not to creep up unseen. The schema takes 4,300 since there are an action, and tags of the
// provider.
const (
	mostAllocationsOfRead   = 9_000
	mostAllocationsOfSchema = 4_600
	mostCallsPerThousand    = 25
)

// TestWhatARefreshCosts through the whole provider, in calls and allocations, which are the same on
// every machine.
//
//nolint:paralleltest // it counts what the whole process allocates
func TestWhatARefreshCosts(t *testing.T) {
	const caches = 1000
	c := newConfigured(t, caches)
	c.service.ResetRequests()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c.refresh(t.Context(), t)
	runtime.ReadMemStats(&after)
	if calls := c.service.Calls(tketest.ActionDescribe); calls > mostCallsPerThousand {
		t.Errorf("%d calls for the refresh of %d caches, at most %d are allowed", calls, caches, mostCallsPerThousand)
	}
	if each := (after.Mallocs - before.Mallocs) / caches; each > mostAllocationsOfRead {
		t.Errorf("%d allocations for the read of one cache, at most %d are allowed", each, mostAllocationsOfRead)
	}
	schema := testing.AllocsPerRun(5, func() {
		server := provider.NewServer(provider.Options{})()
		_, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			t.Fatal(err)
		}
	})
	if schema > mostAllocationsOfSchema {
		t.Errorf("%.0f allocations for the schema, at most %d are allowed", schema, mostAllocationsOfSchema)
	}
}

func BenchmarkRefreshOfAThousand(b *testing.B) {
	c := newConfigured(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		c.refresh(b.Context(), b)
	}
}

func BenchmarkSchema(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		server := provider.NewServer(provider.Options{})()
		_, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			b.Fatal(err)
		}
	}
}
