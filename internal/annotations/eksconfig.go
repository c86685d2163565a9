package annotations

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// InvalidTextError is an annotation whose key or value is not UTF-8, and so is no text. Terraform's
// strings always are.
type InvalidTextError struct{ Key string }

func (e *InvalidTextError) Error() string {
	return fmt.Sprintf("annotation %q is not valid UTF-8", e.Key)
}

// plainKey is an annotation's key as Kubernetes has it, with its prefix. No YAML parser takes it
// for anything but a string.
var plainKey = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)

// maxImplicitKey is how long a key may be that is not introduced with a question mark: YAML says
// 1024.
const maxImplicitKey = 1000

// EKSConfig writes annotations as a YAML mapping, sorted by key, for data["pod.annotations"] of
// ConfigMap kube-system/eks-config. Every value is quoted, so that each parser reads the same
// string, and 50 is not a number.
//
// Why not a YAML library: those choose a block for a text of several lines, and cannot read back
// some that begin with a tab or an empty line (github.com/go-yaml/yaml issues 773 and 963).
func EKSConfig(annotations map[string]string) (string, error) {
	if len(annotations) == 0 {
		return "{}\n", nil
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		value := annotations[key]
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return "", &InvalidTextError{key}
		}
		name := key
		if !plainKey.MatchString(key) {
			name = quoteText(key)
		}
		if len(name) > maxImplicitKey {
			name = "? " + name + "\n"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, quoteText(value))
	}
	return b.String(), nil
}

// quoteText writes a text in double quotes. The escapes that strconv uses for valid UTF-8 mean the
// same in YAML, of 1.1 and of 1.2.
//
// Terraform brings the result of a function into Unicode's normal form C. A combining mark behind
// an escape would merge with the escape's last letter: \n and an acute accent would become \ń. So
// where there is an escape, all is ASCII.
func quoteText(text string) string {
	quoted := strconv.Quote(text)
	if strings.Contains(quoted, `\`) {
		return strconv.QuoteToASCII(text)
	}
	return quoted
}
