package docstest_test

import (
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestNoChangeIsNotedTwice looks at the fragments that the changelog is made of: a branch that is taken over twice brings its own twice.
func TestNoChangeIsNotedTwice(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, ".changes", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	noted := map[string]string{}
	for _, file := range files {
		relative, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		var fragment struct{ Body string }
		if err := yaml.Unmarshal(readFile(t, filepath.ToSlash(relative)), &fragment); err != nil || fragment.Body == "" {
			t.Errorf("%s notes no change: %v", relative, err)
		}
		if first := noted[fragment.Body]; first != "" {
			t.Errorf("%s and %s note the same: %s", first, relative, fragment.Body)
		}
		noted[fragment.Body] = relative
	}
}
