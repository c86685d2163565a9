package apitest

import (
	"slices"
	"strings"
)

// Parameter is one field that an action takes.
type Parameter struct {
	Path     string // such as Tags[].Key: [] stands for each element of a list
	Kind     string // in JSON: string, number, boolean, list, object
	Required bool
}

// Parameters are the fields that the action takes.
func (a Action) Parameters() []Parameter {
	parameters := slices.Concat(
		parametersOf("string", a.Strings), parametersOf("number", a.Integers), parametersOf("list", a.Lists),
	)
	for name, members := range a.Objects {
		name, required := strings.CutSuffix(name, "!")
		parameters = append(parameters, Parameter{Path: name, Kind: "list", Required: required})
		for _, member := range parametersOf("string", members) {
			member.Path = name + "[]." + member.Path
			parameters = append(parameters, member)
		}
	}
	return parameters
}

func parametersOf(kind string, names []string) (parameters []Parameter) {
	for _, name := range names {
		name, required := strings.CutSuffix(name, "!")
		parameters = append(parameters, Parameter{Path: name, Kind: kind, Required: required})
		if kind == "list" {
			parameters = append(parameters, Parameter{Path: name + "[]", Kind: "string", Required: true})
		}
	}
	return parameters
}
