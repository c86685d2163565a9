package peers_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// field is what is known of a field: its kind in JSON, and whether a request must have it.
type field struct {
	kind     string // string, number, boolean, list, object, or any where nothing is known
	required bool
}

const anyKind = "any"

// fields are those of a request or of an answer by their path, such as ImageCaches[].Tags[].Key: []
// stands for each element of a list. The elements of a list of objects have no entry of their own.
type fields map[string]field

// model is what one action takes and answers.
type model struct{ request, answer fields }

// fieldsOf returns the fields that a JSON value has.
func fieldsOf(t *testing.T, value any) fields {
	t.Helper()
	found := fields{}
	found.addValue(decode[any](t, value), "")
	return found
}

func (f fields) addValue(value any, at string) {
	switch value := value.(type) {
	case object:
		if at != "" && !strings.HasSuffix(at, "[]") {
			f[at] = field{kind: "object"}
		}
		for name, inner := range value {
			f.addValue(inner, strings.TrimPrefix(at+"."+name, "."))
		}
	case []any:
		f[at] = field{kind: "list"}
		for _, inner := range value {
			f.addValue(inner, at+"[]")
		}
	case string:
		f[at] = field{kind: "string"}
	case float64:
		f[at] = field{kind: "number"}
	case bool:
		f[at] = field{kind: "boolean"}
	default:
		f[at] = field{kind: anyKind}
	}
}

// merge adds fields that another value has. What is known of a field wins over anyKind.
func (f fields) merge(more fields) {
	for path, more := range more {
		if known, there := f[path]; !there || known.kind == anyKind {
			f[path] = more
		}
	}
}

// hasAncestor reports whether something that contains the field is such that the condition holds.
func hasAncestor(path string, holds func(ancestor string) bool) bool {
	for i, r := range path {
		if i > 0 && (r == '.' || r == '[') && holds(path[:i]) {
			return true
		}
	}
	return false
}

// lacks reports whether a field is among the others and not among these.
func lacks(these, others fields, path string) bool {
	_, here := these[path]
	_, there := others[path]
	return there && !here
}

// direction is how differences of one side are worded.
type direction struct {
	side, verb, negated string
	strict              bool // what is required is compared too
}

var (
	clientSends    = direction{side: "our client", verb: "sends", negated: "does not send"}
	clientReads    = direction{side: "our client", verb: "reads", negated: "does not read"}
	standInTakes   = direction{side: "the stand-in", verb: "takes", negated: "does not take", strict: true}
	standInAnswers = direction{side: "the stand-in", verb: "answers", negated: "does not answer"}
)

// compare returns how fields differ from those of the official client. Of a field that only one
// side has, what is in it is not named too.
func (d direction) compare(action string, official, ours fields) (differences []string) {
	add := func(path, format string, args ...any) {
		differences = append(
			differences, fmt.Sprintf("%s %s", d.side, fmt.Sprintf(format, args...))+" "+action+"."+path,
		)
	}
	for _, path := range slices.Sorted(maps.Keys(official)) {
		got, there := ours[path]
		want := official[path]
		switch {
		case !there:
			if !hasAncestor(path, func(a string) bool { return lacks(ours, official, a) || ours[a].kind == anyKind }) {
				add(path, "%s", d.negated)
			}
		case got.kind != want.kind && got.kind != anyKind:
			add(path, "%s as %s what is a %s:", d.verb, got.kind, want.kind)
		case d.strict && got.required && !want.required:
			add(path, "requires what is optional:")
		case d.strict && !got.required && want.required:
			add(path, "does not require")
		}
	}
	for _, path := range slices.Sorted(maps.Keys(ours)) {
		_, there := official[path]
		if !there && !hasAncestor(path, func(a string) bool { return lacks(official, ours, a) }) {
			add(path, "%s what the official client has not:", d.verb)
		}
	}
	return differences
}

func TestFieldsAreComparedAtTheirHighestDifference(t *testing.T) {
	t.Parallel()
	official := fields{
		"Same": {kind: "string", required: true}, "Needed": {kind: "string", required: true},
		"Optional": {kind: "string"},
		"Objects":  {kind: "list"}, "Objects[].Deep": {kind: "object"}, "Objects[].Deep.Deeper": {kind: "string"},
		"Kind": {kind: "number"}, "Null": {kind: "object"}, "Null.Unknown": {kind: "string"},
	}
	ours := fields{
		"Same": {kind: "string", required: true}, "Needed": {kind: "string"},
		"Optional": {kind: "string", required: true},
		"Kind":     {kind: "string"}, "Objects": {kind: "list"}, "Null": {kind: anyKind},
		"More": {kind: "object"}, "More.Deep": {kind: "string"},
	}
	want := []string{
		"the stand-in takes as string what is a number: Do.Kind",
		"the stand-in does not require Do.Needed",
		"the stand-in does not take Do.Objects[].Deep",
		"the stand-in requires what is optional: Do.Optional",
		"the stand-in takes what the official client has not: Do.More",
	}
	if got := standInTakes.compare("Do", official, ours); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
