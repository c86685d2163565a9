package tketest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// kind is the JSON type of a parameter.
type kind string

const (
	kindString  kind = "a string"
	kindBool    kind = "a boolean"
	kindUint    kind = "an unsigned integer"
	kindStrings kind = "a list of strings"
	kindObject  kind = "an object"
	kindObjects kind = "a list of objects"
)

// param is a field of a request, as the API page lists it.
type param struct {
	name     string
	kind     kind
	required bool
	fields   []param // of an object, or of each object in a list
}

var (
	credentialParams = []param{
		{name: "Server", kind: kindString}, {name: "Username", kind: kindString},
		{name: "Password", kind: kindString}, {name: "Name", kind: kindString},
	}
	tagParams = []param{
		{name: "Key", kind: kindString, required: true}, {name: "Value", kind: kindString, required: true},
	}
	// DeletePolicy is required inside an attribute that is itself optional.
	eipParams = []param{
		{name: "DeletePolicy", kind: kindString, required: true},
		{name: "InternetServiceProvider", kind: kindString},
		{name: "InternetMaxBandwidthOut", kind: kindUint},
	}
	// settingsParams can be set at the creation and changed by an update.
	settingsParams = []param{
		{name: "ImageCacheName", kind: kindString},
		{name: "ImageRegistryCredentials", kind: kindObjects, fields: credentialParams},
		{name: "ImageCacheSize", kind: kindUint},
		{name: "RetentionDays", kind: kindUint},
		{name: "SecurityGroupIds", kind: kindStrings},
		{name: "Tags", kind: kindObjects, fields: tagParams},
	}
	createParams = append([]param{
		{name: "Images", kind: kindStrings, required: true},
		{name: "VpcId", kind: kindString, required: true},
		{name: "SubnetId", kind: kindString, required: true},
		{name: "ExistedEipId", kind: kindString},
		{name: "AutoCreateEip", kind: kindBool},
		{name: "AutoCreateEipAttribute", kind: kindObject, fields: eipParams},
		{name: "RegistrySkipVerifyList", kind: kindStrings},
		{name: "RegistryHttpEndPointList", kind: kindStrings},
		{name: "ResolveConfig", kind: kindString},
	}, settingsParams...)
	updateParams = append([]param{
		{name: "ImageCacheId", kind: kindString, required: true},
		{name: "Images", kind: kindStrings},
	}, settingsParams...)
	describeParams = []param{
		{name: "ImageCacheIds", kind: kindStrings},
		{name: "ImageCacheNames", kind: kindStrings},
		{name: "Filters", kind: kindObjects, fields: []param{
			{name: "Name", kind: kindString, required: true}, {name: "Values", kind: kindStrings, required: true},
		}},
		{name: "Limit", kind: kindUint},
		{name: "Offset", kind: kindUint},
	}
	deleteParams = []param{{name: "ImageCacheIds", kind: kindStrings, required: true}}
	matchParams  = []param{
		{name: "Images", kind: kindStrings, required: true},
		{name: "Snapshotter", kind: kindString},
	}
)

// relaxParams returns the fields of an action without what a service may turn out not to require.
func (u Unconfirmed) relaxParams(params []param) []param {
	if !u.AcceptTagWithoutValue {
		return params
	}
	relaxed := slices.Clone(params)
	for i := range relaxed {
		if relaxed[i].name != "Tags" {
			continue
		}
		relaxed[i].fields = slices.Clone(relaxed[i].fields)
		for j := range relaxed[i].fields {
			relaxed[i].fields[j].required = relaxed[i].fields[j].name == "Key"
		}
	}
	return relaxed
}

// checkObject checks a JSON object against the fields that it may have. Names count in their exact
// case, and null is no value of any type.
func checkObject(raw []byte, params []param, path string) *apiError {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		if path == "" {
			return newInvalidParameterError("the body of the request is not a JSON object")
		}
		return newWrongTypeError(path, string(kindObject))
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(params, func(p param) bool { return p.name == name }) {
			return newUnknownParameterError(joinPath(path, name))
		}
	}
	for _, p := range params {
		value, ok := given[p.name]
		if !ok && p.required {
			return newMissingParameterError(joinPath(path, p.name))
		}
		if !ok {
			continue
		}
		if err := p.checkValue(value, joinPath(path, p.name)); err != nil {
			return err
		}
	}
	return nil
}

func (p param) checkValue(raw []byte, path string) *apiError {
	switch p.kind {
	case kindObject:
		return checkObject(raw, p.fields, path)
	case kindObjects:
		return p.checkList(raw, path, func(item []byte, path string) *apiError {
			return checkObject(item, p.fields, path)
		})
	case kindStrings:
		return p.checkList(raw, path, func(item []byte, path string) *apiError {
			return param{kind: kindString}.checkValue(item, path)
		})
	}
	if !p.kind.isValid(bytes.TrimSpace(raw)) {
		return newWrongTypeError(path, string(p.kind))
	}
	return nil
}

func (p param) checkList(raw []byte, path string, check func([]byte, string) *apiError) *apiError {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil || items == nil {
		return newWrongTypeError(path, string(p.kind))
	}
	for i, item := range items {
		if err := check(item, fmt.Sprintf("%s.%d", path, i)); err != nil {
			return err
		}
	}
	return nil
}

// isValid reports whether a JSON value, known to be well-formed, is of a scalar kind.
func (k kind) isValid(raw []byte) bool {
	switch k {
	case kindString:
		return bytes.HasPrefix(raw, []byte(`"`))
	case kindBool:
		return string(raw) == "true" || string(raw) == "false"
	default:
		_, err := strconv.ParseUint(string(raw), 10, 64)
		return err == nil
	}
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
