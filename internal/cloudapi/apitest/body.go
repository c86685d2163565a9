package apitest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// parseBody checks the body against the fields of the action.
func (c *Call) parseBody(action Action, body []byte) *Refusal {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&c.fields) != nil || c.fields == nil {
		return Invalid("the body of the request is not a JSON object")
	}
	check := fieldCheck{known: map[string]bool{}}
	check.addFields(c.fields, action.Strings, "", isString)
	check.addFields(c.fields, action.Lists, "", isListOf(isString))
	check.addFields(c.fields, action.Integers, "", isInteger)
	for name, members := range action.Objects {
		check.addFields(c.fields, []string{name}, "", isListOf(isObject))
		list, _ := c.fields[strings.TrimSuffix(name, "!")].([]any)
		for _, element := range list {
			object, _ := element.(map[string]any)
			within := strings.TrimSuffix(name, "!") + "."
			check.addFields(object, members, within, isString)
			check.refuseUnknown(object, within)
		}
	}
	check.refuseUnknown(c.fields, "")
	return check.refusal
}

// fieldCheck keeps the first refusal.
type fieldCheck struct {
	known   map[string]bool
	refusal *Refusal
}

func (f *fieldCheck) refuse(refusal *Refusal) {
	if f.refusal == nil {
		f.refusal = refusal
	}
}

// addFields checks fields of one type; what they are within stands before their names.
func (f *fieldCheck) addFields(object map[string]any, names []string, within string, isType func(any) bool) {
	for _, name := range names {
		name, required := strings.CutSuffix(name, "!")
		f.known[within+name] = true
		value, there := object[name]
		if required && (!there || value == "") {
			f.refuse(&Refusal{
				Code: CodeMissingParameter, EN: "The request is missing a required parameter `" + within + name + "`.",
			})
		}
		if there && !isType(value) {
			f.refuse(Invalid("the type of `" + within + name + "` is wrong"))
		}
	}
}

func (f *fieldCheck) refuseUnknown(object map[string]any, within string) {
	for name := range object {
		if !f.known[within+name] {
			f.refuse(&Refusal{Code: "UnknownParameter", EN: "The parameter `" + within + name + "` is not recognized."})
		}
	}
}

func isString(value any) bool { _, is := value.(string); return is }

func isObject(value any) bool { _, is := value.(map[string]any); return is }

func isInteger(value any) bool {
	number, is := value.(json.Number)
	_, err := number.Int64()
	return is && err == nil
}

func isListOf(isElement func(any) bool) func(any) bool {
	return func(value any) bool {
		list, is := value.([]any)
		return is && !slices.ContainsFunc(list, func(element any) bool { return !isElement(element) })
	}
}
