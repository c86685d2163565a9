package acctest

import (
	"regexp"
	"strings"
)

// MatchWrapped compiles a pattern for a message of the CLI, which breaks lines at any space and
// draws a bar at the left of each: a space matches all that, and a dot matches a line break.
func MatchWrapped(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?s)" + strings.ReplaceAll(pattern, " ", `[\s│]+`))
}
