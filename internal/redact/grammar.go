package redact

import "regexp"

// mediaType is a type name and a subtype name (RFC 6838, section 4.2). Parameters have no place in
// a manifest.
var mediaType = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$`)

// IsMediaType reports whether a text is a media type by its grammar.
func IsMediaType(text string) bool { return mediaType.MatchString(text) }
