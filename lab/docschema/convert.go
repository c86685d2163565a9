package main

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// convertMap applies one conversion to all values of a map.
func convertMap[From, To any](from map[string]From, one func(From) To) map[string]To {
	to := make(map[string]To, len(from))
	for name, value := range from {
		to[name] = one(value)
	}

	return to
}

func newSchema(s *tfprotov6.Schema) *schema {
	if s == nil {
		return nil
	}

	return &schema{Version: s.Version, Block: newBlock(s.Block)}
}

func newAction(a *tfprotov6.ActionSchema) *schema { return newSchema(a.Schema) }

func newBlock(b *tfprotov6.SchemaBlock) *block {
	blocks := make(map[string]*nestedBlock, len(b.BlockTypes))
	for _, nested := range b.BlockTypes {
		blocks[nested.TypeName] = &nestedBlock{
			NestingMode: strings.ToLower(nested.Nesting.String()),
			Block:       newBlock(nested.Block),
			MinItems:    nested.MinItems,
			MaxItems:    nested.MaxItems,
		}
	}

	return &block{
		Attributes:         newAttributes(b.Attributes),
		Blocks:             blocks,
		Description:        b.Description,
		DescriptionKind:    kindName(b.DescriptionKind),
		Deprecated:         b.Deprecated,
		DeprecationMessage: b.DeprecationMessage,
	}
}

func newAttributes(attributes []*tfprotov6.SchemaAttribute) map[string]*attribute {
	named := make(map[string]*attribute, len(attributes))
	for _, a := range attributes {
		named[a.Name] = &attribute{
			Type:               a.Type,
			NestedType:         newNestedType(a.NestedType),
			Description:        a.Description,
			DescriptionKind:    kindName(a.DescriptionKind),
			Deprecated:         a.Deprecated,
			DeprecationMessage: a.DeprecationMessage,
			Required:           a.Required,
			Optional:           a.Optional,
			Computed:           a.Computed,
			Sensitive:          a.Sensitive,
			WriteOnly:          a.WriteOnly,
		}
	}

	return named
}

func newNestedType(o *tfprotov6.SchemaObject) *nestedType {
	if o == nil {
		return nil
	}

	return &nestedType{Attributes: newAttributes(o.Attributes), NestingMode: strings.ToLower(o.Nesting.String())}
}

func newFunction(f *tfprotov6.Function) *function {
	parameters := make([]*parameter, 0, len(f.Parameters))
	for _, p := range f.Parameters {
		parameters = append(parameters, newParameter(p))
	}

	return &function{
		Description:        f.Description,
		Summary:            f.Summary,
		DeprecationMessage: f.DeprecationMessage,
		ReturnType:         f.Return.Type,
		Parameters:         parameters,
		Variadic:           newParameter(f.VariadicParameter),
	}
}

func newParameter(p *tfprotov6.FunctionParameter) *parameter {
	if p == nil {
		return nil
	}

	return &parameter{Name: p.Name, Description: p.Description, IsNullable: p.AllowNullValue, Type: p.Type}
}

func newIdentity(s *tfprotov6.ResourceIdentitySchema) *identity {
	attributes := make(map[string]*identityAttribute, len(s.IdentityAttributes))
	for _, a := range s.IdentityAttributes {
		attributes[a.Name] = &identityAttribute{
			Type:              a.Type,
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}

	return &identity{Version: s.Version, Attributes: attributes}
}

func kindName(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}

	return "plain"
}
