package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestAnUnknownRegionDefers where the client takes deferrals, and is an error where it does not
// (TestWhereToAskIsNotGuessed). Nothing is asked, and the state stays as it is. Terraform 1.16
// takes deferrals in experimental builds alone (TestAPlanDefersAndTheNextImports), and of ephemeral
// resources not even there.
func TestAnUnknownRegionDefers(t *testing.T) {
	t.Parallel()
	cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1, Builder: tketest.InstantBuilder})
	s := speakWith(t, cloud, map[string]tftypes.Value{"region": unknownText})
	given := map[string]tftypes.Value{"id": text("imc-aaaaaaaa")}
	const unknown = tfprotov6.DeferredReasonProviderConfigUnknown
	check := func(what string, deferred *tfprotov6.Deferred, diagnostics []*tfprotov6.Diagnostic, err error) {
		t.Helper()
		if err != nil || len(diagnostics) != 0 || deferred == nil || deferred.Reason != unknown {
			t.Errorf("%s: %v, %s, %+v", what, err, said(diagnostics), deferred)
		}
	}

	identities, err := s.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	identityKind := identities.IdentitySchemas["tkeimage_cache"].ValueType()
	identity, err := tfprotov6.NewDynamicValue(identityKind, tftypes.NewValue(identityKind, map[string]tftypes.Value{
		"id": text("imc-aaaaaaaa"), "region": text("ap-guangzhou"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	state := values(t, s.schemas.ResourceSchemas["tkeimage_cache"], given)
	for before, known := range map[string]*tfprotov6.ResourceIdentityData{
		"with an identity":    {IdentityData: &identity},
		"without an identity": nil, // after an import, or of an older CLI
	} {
		read, err := s.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: "tkeimage_cache", CurrentState: state, CurrentIdentity: known,
			ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: true},
		})
		check("read "+before, read.Deferred, read.Diagnostics, err)
		kind := s.schemas.ResourceSchemas["tkeimage_cache"].ValueType()
		if kept := decode(t, kind, read.NewState); !kept["id"].Equal(text("imc-aaaaaaaa")) {
			t.Errorf("after the read %s the state is %v", before, kept)
		}
		region := decode(t, identityKind, read.NewIdentity.IdentityData)["region"]
		if want := known != nil; region.IsNull() == want || !region.IsKnown() {
			t.Errorf("after the read %s the identity's region is %s", before, region)
		}
	}

	imported, err := s.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: "tkeimage_cache", ID: "imc-aaaaaaaa",
		ClientCapabilities: &tfprotov6.ImportResourceStateClientCapabilities{DeferralAllowed: true},
	})
	check("import", imported.Deferred, imported.Diagnostics, err)

	images := map[string]tftypes.Value{"images": tftypes.NewValue(
		tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{text("app:v1")},
	)}
	price := map[string]tftypes.Value{
		"disk_type": text("CLOUD_PREMIUM"), "size_gib": tftypes.NewValue(tftypes.Number, 50),
	}
	for source, given := range map[string]map[string]tftypes.Value{
		"tkeimage_cache": given, "tkeimage_caches": nil, "tkeimage_cache_match": images, "tkeimage_disk_price": price,
	} {
		found, err := s.server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
			TypeName: source, Config: values(t, s.schemas.DataSourceSchemas[source], given),
			ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: true},
		})
		check(source, found.Deferred, found.Diagnostics, err)
		result := decode(t, s.schemas.DataSourceSchemas[source].ValueType(), found.State)
		for _, computed := range []string{"created_at", "caches", "found", "price_per_hour"} {
			if value, has := result[computed]; has && value.IsKnown() {
				t.Errorf("%s: %s is %s, and a deferred read knows nothing", source, computed, value)
			}
		}
	}
	opened, err := s.server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: "tkeimage_tcr_token",
		Config: values(t, s.schemas.EphemeralResourceSchemas["tkeimage_tcr_token"], map[string]tftypes.Value{
			"registry_id": text("tcr-ak9876"),
		}),
		ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{DeferralAllowed: true},
	})
	check("tkeimage_tcr_token", opened.Deferred, opened.Diagnostics, err)
	tokenKind := s.schemas.EphemeralResourceSchemas["tkeimage_tcr_token"].ValueType()
	if token := decode(t, tokenKind, opened.Result)["token"]; token.IsKnown() {
		t.Errorf("tkeimage_tcr_token: token is %s, and a deferred open knows nothing", token)
	}
	if asked := len(cloud.Requests()); asked != 0 {
		t.Errorf("%d requests were sent", asked)
	}
}

// TestAMeasurementWaitsForItsRegistry whose password the same run makes, unless another image
// cannot be read either way.
func TestAMeasurementWaitsForItsRegistry(t *testing.T) {
	t.Parallel()
	registry := newCounting(t)
	all, _ := speak(t, tketest.Start(t, tketest.Options{})).schemas.Provider.ValueType().(tftypes.Object)
	s := speakWith(t, tketest.Start(t, tketest.Options{}), map[string]tftypes.Value{
		"registries": tftypes.NewValue(all.AttributeTypes["registries"], tftypes.UnknownValue),
	})
	schema := s.schemas.DataSourceSchemas["tkeimage_root_disk_size"]
	for name, test := range map[string]struct {
		images  []tftypes.Value
		defers  bool
		mistake string
	}{
		"private": {[]tftypes.Value{text(registry.host + "/private/app:v1")}, true, ""},
		"private, and no image": {
			[]tftypes.Value{text(registry.host + "/private/app:v1"), text("no image")}, false, "Not an image reference",
		},
		"public": {[]tftypes.Value{text(registry.host + "/app:v1")}, false, ""},
	} {
		got, err := s.server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
			TypeName: "tkeimage_root_disk_size",
			Config: values(t, schema, map[string]tftypes.Value{
				"images":  tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, test.images),
				"measure": text("manifest"),
			}),
			ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		text := said(got.Diagnostics)
		if (got.Deferred != nil) != test.defers || !strings.Contains(text, test.mistake) ||
			test.mistake == "" && text != "" {
			t.Errorf("%s: deferred %v, said %q", name, got.Deferred, text)
		}
		if result := decode(t, schema.ValueType(), got.State); test.defers && result["size_gib"].IsKnown() {
			t.Errorf("%s: size_gib is %s, and a deferred read knows nothing", name, result["size_gib"])
		}
	}
}
