package provider_test

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
)

// TestANullArgumentMayComeInEitherForm: Terraform encodes it, OpenTofu sends no data.
func TestANullArgumentMayComeInEitherForm(t *testing.T) {
	t.Parallel()
	number := func(value any) *tfprotov6.DynamicValue {
		dynamic, err := tfprotov6.NewDynamicValue(tftypes.Number, tftypes.NewValue(tftypes.Number, value))
		if err != nil {
			t.Fatal(err)
		}
		return &dynamic
	}
	server := provider.NewServer(provider.Options{})()
	for name, null := range map[string]*tfprotov6.DynamicValue{
		"encoded": number(nil), "without data": {}, "absent": nil,
	} {
		answer, err := server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{
			Name: "root_disk_size_gib", Arguments: []*tfprotov6.DynamicValue{number(1 << 35), null, null},
		})
		if err != nil || answer.Error != nil {
			t.Errorf("%s: %v, %+v", name, err, answer.Error)
			continue
		}
		result, err := answer.Result.Unmarshal(tftypes.Number)
		if err != nil || !result.Equal(tftypes.NewValue(tftypes.Number, 50)) {
			t.Errorf("%s: %s, %v", name, result, err)
		}
	}
}

// TestTheServerPassesOnEveryInterface: what the framework serves and the wrapper hides, no CLI
// finds.
func TestTheServerPassesOnEveryInterface(t *testing.T) {
	t.Parallel()
	framework := reflect.TypeOf(providerserver.NewProtocol6(provider.New(provider.Options{})())())
	wrapper := reflect.TypeOf(provider.NewServer(provider.Options{})())
	if framework.NumMethod() < 30 {
		t.Fatalf("the framework's server has %d methods: the test looks at too little", framework.NumMethod())
	}
	for method := range framework.Methods() {
		if passed, ok := wrapper.MethodByName(method.Name); !ok || passed.Type.NumIn() != method.Type.NumIn() {
			t.Errorf("%s is not passed on", method.Name)
		}
	}
}

// TestFractionsAreNamedAsWhatTheyAre in the provider's configuration and in a query; lifecycle
// tests of the cache have those of resources.
func TestFractionsAreNamedAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	server := provider.NewServer(provider.Options{})()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	fraction := tftypes.NewValue(tftypes.Number, 1.5)
	configured, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{
		Config: values(t, schemas.Provider, map[string]tftypes.Value{"max_parallel_updates": fraction}),
	})
	if err != nil {
		t.Fatal(err)
	}
	lists, ok := server.(tfprotov6.ListResourceServer)
	if !ok {
		t.Fatalf("%T serves no queries", server)
	}
	queried, err := lists.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
		TypeName: "tkeimage_cache",
		Config: values(t, schemas.ListResourceSchemas["tkeimage_cache"], map[string]tftypes.Value{
			"unused_for_days": fraction,
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, diags := range map[string][]*tfprotov6.Diagnostic{
		"max_parallel_updates": configured.Diagnostics, "unused_for_days": queried.Diagnostics,
	} {
		want := name + " must be a whole number, and it is 1.5. Round it with ceil() or floor()."
		if len(diags) != 1 || diags[0].Detail != want {
			t.Errorf("%s: %+v", name, diags)
		}
	}
}
