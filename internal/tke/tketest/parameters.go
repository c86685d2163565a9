package tketest

import "github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"

// Parameters are the fields that an action takes, those within others included.
func Parameters(action string) []apitest.Parameter { return listParameters(actions[action].params, "") }

func listParameters(params []param, prefix string) (parameters []apitest.Parameter) {
	for _, p := range params {
		at := prefix + p.name
		parameters = append(parameters, apitest.Parameter{Path: at, Kind: p.kind.json(), Required: p.required})
		switch p.kind {
		case kindStrings:
			parameters = append(parameters, apitest.Parameter{Path: at + "[]", Kind: "string", Required: true})
		case kindObjects:
			parameters = append(parameters, listParameters(p.fields, at+"[].")...)
		case kindObject:
			parameters = append(parameters, listParameters(p.fields, at+".")...)
		case kindString, kindBool, kindUint:
		}
	}
	return parameters
}

// json is the name of the kind in JSON.
func (k kind) json() string {
	switch k {
	case kindBool:
		return "boolean"
	case kindUint:
		return "number"
	case kindStrings, kindObjects:
		return "list"
	case kindObject:
		return "object"
	default:
		return "string"
	}
}
