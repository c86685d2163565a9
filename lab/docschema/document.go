package main

import "github.com/hashicorp/terraform-plugin-go/tftypes"

// Document is what `terraform providers schema -json` prints.
type Document struct {
	FormatVersion string              `json:"format_version"`
	Schemas       map[string]Provider `json:"provider_schemas"`
}

// Provider is all that one provider offers.
type Provider struct {
	Provider           *Schema              `json:"provider,omitempty"`
	Resources          map[string]*Schema   `json:"resource_schemas,omitempty"`
	DataSources        map[string]*Schema   `json:"data_source_schemas,omitempty"`
	EphemeralResources map[string]*Schema   `json:"ephemeral_resource_schemas,omitempty"`
	ListResources      map[string]*Schema   `json:"list_resource_schemas,omitempty"`
	Actions            map[string]*Schema   `json:"action_schemas,omitempty"`
	Functions          map[string]*Function `json:"functions,omitempty"`
	Identities         map[string]*Identity `json:"resource_identity_schemas,omitempty"`
}

// Schema is a versioned block.
type Schema struct {
	Version int64  `json:"version"`
	Block   *Block `json:"block,omitempty"`
}

// Block holds attributes and blocks.
type Block struct {
	Attributes         map[string]*Attribute   `json:"attributes,omitempty"`
	Blocks             map[string]*NestedBlock `json:"block_types,omitempty"`
	Description        string                  `json:"description,omitempty"`
	DescriptionKind    string                  `json:"description_kind,omitempty"`
	Deprecated         bool                    `json:"deprecated,omitempty"`
	DeprecationMessage string                  `json:"deprecation_message,omitempty"`
}

// NestedBlock is a block in a block.
type NestedBlock struct {
	NestingMode string `json:"nesting_mode,omitempty"`
	Block       *Block `json:"block,omitempty"`
	MinItems    int64  `json:"min_items,omitempty"`
	MaxItems    int64  `json:"max_items,omitempty"`
}

// Attribute has either a type or a nested type. Types write themselves as Terraform does: "string",
// ["map","number"].
type Attribute struct {
	Type               tftypes.Type `json:"type,omitempty"`
	NestedType         *NestedType  `json:"nested_type,omitempty"`
	Description        string       `json:"description,omitempty"`
	DescriptionKind    string       `json:"description_kind,omitempty"`
	Deprecated         bool         `json:"deprecated,omitempty"`
	DeprecationMessage string       `json:"deprecation_message,omitempty"`
	Required           bool         `json:"required,omitempty"`
	Optional           bool         `json:"optional,omitempty"`
	Computed           bool         `json:"computed,omitempty"`
	Sensitive          bool         `json:"sensitive,omitempty"`
	WriteOnly          bool         `json:"write_only,omitempty"`
}

// NestedType is an attribute's own attributes.
type NestedType struct {
	Attributes  map[string]*Attribute `json:"attributes,omitempty"`
	NestingMode string                `json:"nesting_mode,omitempty"`
}

// Function is a function's signature.
type Function struct {
	Description        string       `json:"description,omitempty"`
	Summary            string       `json:"summary,omitempty"`
	DeprecationMessage string       `json:"deprecation_message,omitempty"`
	ReturnType         tftypes.Type `json:"return_type"`
	Parameters         []*Parameter `json:"parameters,omitempty"`
	Variadic           *Parameter   `json:"variadic_parameter,omitempty"`
}

// Parameter is one of a function's parameters.
type Parameter struct {
	Name        string       `json:"name,omitempty"`
	Description string       `json:"description,omitempty"`
	IsNullable  bool         `json:"is_nullable,omitempty"`
	Type        tftypes.Type `json:"type"`
}

// Identity is what distinguishes resources of one type.
type Identity struct {
	Version    int64                         `json:"version"`
	Attributes map[string]*IdentityAttribute `json:"attributes,omitempty"`
}

// IdentityAttribute is one part of an identity.
type IdentityAttribute struct {
	Type              tftypes.Type `json:"type,omitempty"`
	Description       string       `json:"description,omitempty"`
	RequiredForImport bool         `json:"required_for_import,omitempty"`
	OptionalForImport bool         `json:"optional_for_import,omitempty"`
}
