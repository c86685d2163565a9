package annotations

import "strings"

// newUnknownOptionError is a key that is none, perhaps for a slip of the hand, or because it is the
// annotation's own.
func newUnknownOptionError(written string) *OptionError {
	names := make([]string, 0, len(options))
	for _, o := range options {
		names = append(names, o.name)
	}
	remedy := "write one of " + strings.Join(names, ", ")
	if meant, found := suggestOption(written, names); found {
		remedy = "write " + meant
	}
	return &OptionError{written, "is not an option", remedy}
}

func suggestOption(written string, names []string) (string, bool) {
	plain := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimPrefix(written, Prefix)))
	for _, o := range options {
		if plain == strings.ReplaceAll(strings.TrimPrefix(o.key, Prefix), "-", "_") {
			return o.name, true
		}
	}
	return nearestCandidate(plain, names)
}

// nearestCandidate is the candidate that takes the fewest edits, if fewer than half of it. What is
// only cut short, such as by a unit, is nearer than what has other words.
func nearestCandidate(written string, candidates []string) (string, bool) {
	best, fewest := "", len(written)
	for _, candidate := range candidates {
		edits := editDistance(written, candidate)
		if strings.HasPrefix(candidate, written) {
			edits /= 2
		}
		if edits < fewest && edits <= len(candidate)/2 {
			best, fewest = candidate, edits
		}
	}
	return best, best != ""
}

// editDistance is the number of bytes to insert, delete or change that turn a into b (Levenshtein).
// The library for it in the module graph comes with the tests, and shipping it would not pay.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substituted := diagonal
			if a[i] != b[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
