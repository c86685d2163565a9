package provider_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// speaker speaks the protocol to the provider, for what a CLI does not show, or is too old for.
type speaker struct {
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

func speak(t *testing.T, cloud *tketest.Server) *speaker { return speakWith(t, cloud, nil) }

// speakWith configures the provider with more arguments, or others. The environment has the
// stand-in's address too.
func speakWith(t *testing.T, cloud *tketest.Server, more map[string]tftypes.Value) *speaker {
	t.Helper()
	environment := map[string]string{"TKEIMAGE_ENDPOINT_TKE": cloud.URL}
	s := &speaker{server: provider.NewServer(provider.Options{LookupEnv: func(name string) (string, bool) {
		value, set := environment[name]
		return value, set
	}})()}
	var err error
	if s.schemas, err = s.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	given := map[string]tftypes.Value{
		"secret_id":             text(tketest.DefaultSecretID),
		"secret_key":            text(tketest.DefaultSecretKey),
		"measurement_cache_dir": text(""),
		"endpoints": tftypes.NewValue(
			tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"tke": text(cloud.URL)},
		),
	}
	maps.Copy(given, more)
	config := values(t, s.schemas.Provider, given)
	configured, err := s.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config})
	if err != nil || len(configured.Diagnostics) != 0 {
		t.Fatal(err, configured.Diagnostics)
	}
	return s
}

func text(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }

// values fills a schema: what is not given is null.
func values(t *testing.T, schema *tfprotov6.Schema, given map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	kind, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		t.Fatalf("%T", schema.ValueType())
	}
	all := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		all[name] = tftypes.NewValue(attribute, nil)
		if value, isGiven := given[name]; isGiven {
			all[name] = value
		}
	}
	dynamic, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, all))
	if err != nil {
		t.Fatal(err)
	}
	return &dynamic
}

// query lists caches as `terraform query` does.
func (s *speaker) query(t *testing.T, limit int64, given map[string]tftypes.Value) []tfprotov6.ListResourceResult {
	t.Helper()
	lister, ok := s.server.(tfprotov6.ListResourceServer)
	if !ok {
		t.Fatal("the provider does not list")
	}
	stream, err := lister.ListResource(t.Context(), &tfprotov6.ListResourceRequest{
		TypeName:        "tkeimage_cache",
		Config:          values(t, s.schemas.ListResourceSchemas["tkeimage_cache"], given),
		IncludeResource: true,
		Limit:           limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	var results []tfprotov6.ListResourceResult
	for result := range stream.Results {
		results = append(results, result)
	}
	return results
}

// TestExistingCachesAreFoundForAdoption: each with identity, name and the resource that an import
// would return.
func TestExistingCachesAreFoundForAdoption(t *testing.T) {
	t.Parallel()
	cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1, Builder: tketest.InstantBuilder})
	named := cloud.Put(tketest.Cache{Name: "llm", Images: []string{"llm:v1"}, SizeGiB: 50})
	byService := cloud.Put(
		tketest.Cache{Images: []string{"app:v1"}, Type: tketest.TypeAuto, CreatedAt: time.Now().Add(time.Hour)},
	)
	s := speak(t, cloud)

	for name, test := range map[string]struct {
		given map[string]tftypes.Value
		limit int64
		want  []string
	}{
		"all":              {nil, 0, []string{byService.ID, "llm (" + named.ID + ")"}},
		"limited":          {nil, 1, []string{byService.ID}},
		"of a type":        {map[string]tftypes.Value{"type": text("auto")}, 0, []string{byService.ID}},
		"that hold images": {map[string]tftypes.Value{"image": text("llm:v1")}, 0, []string{"llm (" + named.ID + ")"}},
		"by name":          {map[string]tftypes.Value{"name_regex": text("^l")}, 0, []string{"llm (" + named.ID + ")"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, result := range s.query(t, test.limit, test.given) {
				for _, d := range result.Diagnostics {
					if test.limit == 0 || d.Severity != tfprotov6.DiagnosticSeverityWarning ||
						d.Summary != "The limit leaves out image caches: 1" {
						t.Fatalf("%+v", d)
					}
				}
				if limited := len(result.Diagnostics) > 0; limited != (test.limit > 0) {
					t.Errorf("a warning of the limit: %t", limited)
				}
				got = append(got, result.DisplayName)
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestAFoundCacheIsWhatAnImportWouldGive(t *testing.T) {
	t.Parallel()
	cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1, Builder: tketest.InstantBuilder})
	id := cloud.Put(
		tketest.Cache{
			Name:    "llm",
			Images:  []string{"llm:v1"},
			SizeGiB: 50,
			VpcID:   "vpc-hidden",
			Tags:    []tketest.Tag{{Key: "team", Value: "ml"}},
		},
	).ID
	s := speak(t, cloud)
	found := s.query(t, 0, nil)[0]

	kind := s.schemas.ResourceSchemas["tkeimage_cache"].ValueType()
	resource := decode(t, kind, found.Resource)
	for attribute, want := range map[string]tftypes.Value{
		"id":      text(id),
		"name":    text("llm"),
		"rebuild": text("replace"),
		"vpc_id":  tftypes.NewValue(tftypes.String, nil),
		"tags": tftypes.NewValue(
			tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"team": text("ml")},
		),
	} {
		if !resource[attribute].Equal(want) {
			t.Errorf("%s is %s, want %s", attribute, resource[attribute], want)
		}
	}
	identities, err := s.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	identity := decode(t, identities.IdentitySchemas["tkeimage_cache"].ValueType(), found.Identity.IdentityData)
	if !identity["id"].Equal(text(id)) || !identity["region"].Equal(text("ap-guangzhou")) {
		t.Errorf("identity %v", identity)
	}
	imported, err := s.server.ImportResourceState(
		t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "tkeimage_cache", Identity: found.Identity},
	)
	if err != nil || len(imported.Diagnostics) != 0 || len(imported.ImportedResources) != 1 {
		t.Fatalf("import by the identity: %v, %+v", err, imported.Diagnostics)
	}
	if state := decode(t, kind, imported.ImportedResources[0].State); !state["id"].Equal(text(id)) {
		t.Errorf("imported %s", state["id"])
	}
}

func decode(t *testing.T, kind tftypes.Type, dynamic *tfprotov6.DynamicValue) map[string]tftypes.Value {
	t.Helper()
	value, err := dynamic.Unmarshal(kind)
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := value.As(&attributes); err != nil {
		t.Fatal(err)
	}
	return attributes
}
