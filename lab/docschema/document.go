package main

import "github.com/hashicorp/terraform-plugin-go/tftypes"

// document is what `terraform providers schema -json` prints.
type document struct {
	FormatVersion string                     `json:"format_version"`
	Schemas       map[string]providerSchemas `json:"provider_schemas"`
}

// providerSchemas is all that one provider offers.
type providerSchemas struct {
	Provider           *schema              `json:"provider,omitempty"`
	Resources          map[string]*schema   `json:"resource_schemas,omitempty"`
	DataSources        map[string]*schema   `json:"data_source_schemas,omitempty"`
	EphemeralResources map[string]*schema   `json:"ephemeral_resource_schemas,omitempty"`
	ListResources      map[string]*schema   `json:"list_resource_schemas,omitempty"`
	Actions            map[string]*schema   `json:"action_schemas,omitempty"`
	Functions          map[string]*function `json:"functions,omitempty"`
	Identities         map[string]*identity `json:"resource_identity_schemas,omitempty"`
}

// schema is a versioned block.
type schema struct {
	Version int64  `json:"version"`
	Block   *block `json:"block,omitempty"`
}

// block holds attributes and blocks.
type block struct {
	Attributes         map[string]*attribute   `json:"attributes,omitempty"`
	Blocks             map[string]*nestedBlock `json:"block_types,omitempty"`
	Description        string                  `json:"description,omitempty"`
	DescriptionKind    string                  `json:"description_kind,omitempty"`
	Deprecated         bool                    `json:"deprecated,omitempty"`
	DeprecationMessage string                  `json:"deprecation_message,omitempty"`
}

// nestedBlock is a block in a block.
type nestedBlock struct {
	NestingMode string `json:"nesting_mode,omitempty"`
	Block       *block `json:"block,omitempty"`
	MinItems    int64  `json:"min_items,omitempty"`
	MaxItems    int64  `json:"max_items,omitempty"`
}

// attribute has either a type or a nested type. Types write themselves as Terraform does: "string",
// ["map","number"].
type attribute struct {
	Type               tftypes.Type `json:"type,omitempty"`
	NestedType         *nestedType  `json:"nested_type,omitempty"`
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

// nestedType is an attribute's own attributes.
type nestedType struct {
	Attributes  map[string]*attribute `json:"attributes,omitempty"`
	NestingMode string                `json:"nesting_mode,omitempty"`
}

// function is a function's signature.
type function struct {
	Description        string       `json:"description,omitempty"`
	Summary            string       `json:"summary,omitempty"`
	DeprecationMessage string       `json:"deprecation_message,omitempty"`
	ReturnType         tftypes.Type `json:"return_type"`
	Parameters         []*parameter `json:"parameters,omitempty"`
	Variadic           *parameter   `json:"variadic_parameter,omitempty"`
}

// parameter is one of a function's parameters.
type parameter struct {
	Name        string       `json:"name,omitempty"`
	Description string       `json:"description,omitempty"`
	IsNullable  bool         `json:"is_nullable,omitempty"`
	Type        tftypes.Type `json:"type"`
}

// identity is what distinguishes resources of one type.
type identity struct {
	Version    int64                         `json:"version"`
	Attributes map[string]*identityAttribute `json:"attributes,omitempty"`
}

// identityAttribute is one part of an identity.
type identityAttribute struct {
	Type              tftypes.Type `json:"type,omitempty"`
	Description       string       `json:"description,omitempty"`
	RequiredForImport bool         `json:"required_for_import,omitempty"`
	OptionalForImport bool         `json:"optional_for_import,omitempty"`
}
