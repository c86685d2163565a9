package clients

import (
	"slices"
	"strings"
)

// TagRules are what the provider's configuration says about the tags of all caches. The zero value
// adds none and ignores none.
type TagRules struct {
	Default         map[string]string // tags of every cache, unless its own have the key
	DefaultsUnknown bool              // known only during apply
	IgnoreKeys      []string
	IgnorePrefixes  []string
	IgnoresUnknown  bool // known only during apply
}

// Ignores reports whether a tag is others' business.
func (r *TagRules) Ignores(key string) bool {
	return slices.Contains(r.IgnoreKeys, key) ||
		slices.ContainsFunc(r.IgnorePrefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// IgnoresAny reports whether any tag at all is ignored.
func (r *TagRules) IgnoresAny() bool { return len(r.IgnoreKeys)+len(r.IgnorePrefixes) > 0 }
