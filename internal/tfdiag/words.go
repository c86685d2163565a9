package tfdiag

import "strings"

// QuoteList returns values as Markdown code, as a sentence lists alternatives: `a`, `b` or `c`.
func QuoteList[T ~string](values []T) string {
	quoted := make([]string, 0, len(values))
	for _, value := range values {
		quoted = append(quoted, "`"+string(value)+"`")
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}
