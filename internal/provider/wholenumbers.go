package provider

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// attributeTypes are the framework's types of everything that is configured with whole numbers, by
// name. The protocol has one type for all numbers.
type attributeTypes struct {
	provider                          attr.Type
	resources, dataSources, listTypes map[string]attr.Type
}

func newAttributeTypes(p *Provider) attributeTypes {
	ctx := context.Background()
	var named provider.MetadataResponse
	p.Metadata(ctx, provider.MetadataRequest{}, &named)
	var own provider.SchemaResponse
	p.Schema(ctx, provider.SchemaRequest{}, &own)
	all := attributeTypes{
		own.Schema.Type(), map[string]attr.Type{}, map[string]attr.Type{}, map[string]attr.Type{},
	}
	for _, newResource := range p.Resources(ctx) {
		var meta resource.MetadataResponse
		var schema resource.SchemaResponse
		r := newResource()
		r.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: named.TypeName}, &meta)
		r.Schema(ctx, resource.SchemaRequest{}, &schema)
		all.resources[meta.TypeName] = schema.Schema.Type()
	}
	for _, newDataSource := range p.DataSources(ctx) {
		var meta datasource.MetadataResponse
		var schema datasource.SchemaResponse
		d := newDataSource()
		d.Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: named.TypeName}, &meta)
		d.Schema(ctx, datasource.SchemaRequest{}, &schema)
		all.dataSources[meta.TypeName] = schema.Schema.Type()
	}
	for _, newListResource := range p.ListResources(ctx) {
		var meta resource.MetadataResponse
		var schema list.ListResourceSchemaResponse
		l := newListResource()
		l.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: named.TypeName}, &meta)
		l.ListResourceConfigSchema(ctx, list.ListResourceSchemaRequest{}, &schema)
		all.listTypes[meta.TypeName] = schema.Schema.Type()
	}
	return all
}

// ValidateProviderConfig refuses fractions where whole numbers are due, in words for users: the
// framework calls them an error in the provider. CLIs validate again what they come to know later.
func (s *server) ValidateProviderConfig(
	ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	var diags []*tfprotov6.Diagnostic
	req.Config, diags = truncateFractions(ctx, s.types().provider, req.Config)
	resp, err := s.frameworkServer.ValidateProviderConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = append(diags, resp.Diagnostics...)
	}
	return resp, err
}

// ValidateResourceConfig does the same for resources.
func (s *server) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	var diags []*tfprotov6.Diagnostic
	req.Config, diags = truncateFractions(ctx, s.types().resources[req.TypeName], req.Config)
	resp, err := s.frameworkServer.ValidateResourceConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = append(diags, resp.Diagnostics...)
	}
	return resp, err
}

// ValidateDataResourceConfig does the same for data sources.
func (s *server) ValidateDataResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	var diags []*tfprotov6.Diagnostic
	req.Config, diags = truncateFractions(ctx, s.types().dataSources[req.TypeName], req.Config)
	resp, err := s.frameworkServer.ValidateDataResourceConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = append(diags, resp.Diagnostics...)
	}
	return resp, err
}

// ValidateListResourceConfig does the same for queries.
func (s *server) ValidateListResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateListResourceConfigRequest,
) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	var diags []*tfprotov6.Diagnostic
	req.Config, diags = truncateFractions(ctx, s.types().listTypes[req.TypeName], req.Config)
	resp, err := s.frameworkServer.ValidateListResourceConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = append(diags, resp.Diagnostics...)
	}
	return resp, err
}

// truncateFractions returns a configuration with whole numbers wherever its type asks for them, so
// that all else in it can be validated too, and an error for each fraction.
func truncateFractions(
	ctx context.Context, typ attr.Type, config *tfprotov6.DynamicValue,
) (*tfprotov6.DynamicValue, []*tfprotov6.Diagnostic) {
	if typ == nil || config == nil {
		return config, nil
	}
	wire := typ.TerraformType(ctx)
	written, err := config.Unmarshal(wire)
	if err != nil {
		return config, nil // the framework reports it
	}
	var diags []*tfprotov6.Diagnostic
	whole, err := tftypes.Transform(written, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		fraction := fractionOf(typ, at, v)
		if fraction == nil {
			return v, nil
		}
		diags = append(diags, newNumberDiagnostic(at, fraction))
		truncated, _ := fraction.Int(nil)
		return tftypes.NewValue(tftypes.Number, new(big.Float).SetInt(truncated)), nil
	})
	if err != nil || len(diags) == 0 {
		return config, nil
	}
	replaced, err := tfprotov6.NewDynamicValue(wire, whole)
	if err != nil {
		return config, diags
	}
	return &replaced, diags
}

// fractionOf returns the number that stands where a whole one is due, nil where all is well.
func fractionOf(typ attr.Type, at *tftypes.AttributePath, v tftypes.Value) *big.Float {
	if !v.Type().Is(tftypes.Number) || !v.IsKnown() || v.IsNull() {
		return nil
	}
	found, _, err := tftypes.WalkAttributePath(typ, at)
	if _, whole := found.(basetypes.Int64Typable); err != nil || !whole {
		return nil
	}
	var number *big.Float
	if v.As(&number) != nil || number.IsInt() {
		return nil
	}
	return number
}

// newNumberDiagnostic stands on the outermost attribute, since CLIs find no place in the expression
// of a nested one.
func newNumberDiagnostic(at *tftypes.AttributePath, number *big.Float) *tfprotov6.Diagnostic {
	said := tfdiag.NotWhole(describePath(at), number.Text('f', -1))
	return &tfprotov6.Diagnostic{
		Severity: tfprotov6.DiagnosticSeverityError, Summary: said.Summary(), Detail: said.Detail(),
		Attribute: tftypes.NewAttributePathWithSteps(at.Steps()[:1]),
	}
}

// describePath writes a path as configurations do.
func describePath(at *tftypes.AttributePath) string {
	var b strings.Builder
	for _, step := range at.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			b.WriteString("." + string(step))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&b, "[%q]", string(step))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&b, "[%d]", int64(step))
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}
