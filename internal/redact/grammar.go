package redact

import (
	"regexp"
	"strings"
)

// maxTypeName bounds both names of a media type (RFC 6838, section 4.2). It is no part of the
// expression, whose program would be a hundred times as long, in every start.
const maxTypeName = 127

var typeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*$`)

// IsMediaType reports whether a text is a media type by its grammar: a type name and a subtype name.
// Parameters have no place in a manifest.
func IsMediaType(text string) bool {
	kind, subtype, found := strings.Cut(text, "/")
	return found && isTypeName(kind) && isTypeName(subtype)
}

func isTypeName(name string) bool { return len(name) <= maxTypeName && typeName.MatchString(name) }
