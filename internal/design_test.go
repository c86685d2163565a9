package internal_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const design = "../DESIGN.md"

var write = flag.Bool("write", false, "write the diagram into DESIGN.md")

// TestDesignShowsTheDiagram holds the three lists of DESIGN.md to the diagram: what is shipped,
// what tests are made of, and the laboratory, each in its order. Packages that are nothing but
// tests are imported by none, so they have no row in the diagram and may stand anywhere in the
// last list.
func TestDesignShowsTheDiagram(t *testing.T) {
	t.Parallel()

	var shipped, unshipped, inLab, tests []string
	for _, r := range diagram {
		if r.unshipped {
			unshipped = append(unshipped, r.name)
		} else if r.name != "" { // main.go is the first line
			shipped = append(shipped, r.name)
		}
	}
	for _, r := range laboratory {
		inLab = append(inLab, r.name)
	}
	for _, found := range packages(t) {
		if len(found.GoFiles) == 0 && found.ImportPath != module+"/internal" { // not this one
			tests = append(tests, found.name())
		}
	}

	lists := listsOfDesign(t)
	ofTests := func(name string) bool { return slices.Contains(tests, name) }
	named := slices.DeleteFunc(slices.Clone(lists[2]), func(name string) bool { return !ofTests(name) })
	for _, c := range []struct {
		title     string
		want, got []string
	}{
		{"shipped", shipped, lists[0]},
		{"for tests", unshipped, lists[1]},
		{"the laboratory", inLab, slices.DeleteFunc(lists[2], ofTests)},
		{"nothing but tests", tests, slices.Sorted(slices.Values(named))},
	} {
		if !slices.Equal(c.want, c.got) {
			t.Errorf("DESIGN.md's list of what is %s:\n%v\nwant, as in the diagram:\n%v", c.title, c.got, c.want)
		}
	}
}

// listsOfDesign returns the packages that the first three blocks of DESIGN.md name, in their order.
func listsOfDesign(t *testing.T) (lists [3][]string) {
	t.Helper()

	var blocks []string
	fenced := regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?\n)```$")
	for _, block := range fenced.FindAllStringSubmatch(readDesign(t), -1) {
		if block[1] == "" {
			blocks = append(blocks, block[2])
		}
	}
	if len(blocks) < len(lists) {
		t.Fatal("DESIGN.md has no three lists")
	}
	line := regexp.MustCompile(`(?m)^(?:internal/)?(\S+)/ +\S`)
	for i := range lists {
		for _, match := range line.FindAllStringSubmatch(blocks[i], -1) {
			lists[i] = append(lists[i], match[1])
		}
	}

	return lists
}

func readDesign(t *testing.T) string {
	t.Helper()

	content, err := os.ReadFile(design)
	if err != nil {
		t.Fatal(err)
	}

	return string(content)
}

// TestDesignDrawsTheDiagram compares the picture in DESIGN.md with the diagram; with -write it
// draws it.
func TestDesignDrawsTheDiagram(t *testing.T) {
	t.Parallel()

	before, rest, found := strings.Cut(readDesign(t), "```mermaid\ngraph TD\n")
	drawn, after, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("DESIGN.md has no picture that begins with graph TD")
	}
	want := drawDiagram()
	switch {
	case drawn == want:
	case *write:
		if err := os.WriteFile(design, []byte(before+"```mermaid\ngraph TD\n"+want+"```\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("DESIGN.md's picture is not the diagram: run make generate\n%s\nwant\n%s", drawn, want)
	}
}

// drawDiagram writes what is shipped as a Mermaid graph. An arrow that others imply is left out.
func drawDiagram() string {
	const classes = "\n  classDef terraform fill:#e8e0ff,color:#000\n  classDef offline fill:#e0f0e0,color:#000\n"
	reached := map[string]map[string]bool{} // from the bottom up: what a package imports, directly or not
	for _, r := range slices.Backward(diagram) {
		reached[r.name] = map[string]bool{}
		for imported := range strings.FieldsSeq(r.imports) {
			reached[r.name][imported] = true
			maps.Copy(reached[r.name], reached[imported])
		}
	}

	var picture strings.Builder
	for _, r := range diagram {
		if r.unshipped {
			continue
		}
		fmt.Fprintf(
			&picture, "  %s%s\n", nodeOf(r.name),
			map[access]string{withTerraform: ":::terraform", offline: ":::offline", standard: ":::offline"}[r.access],
		)
		imports := strings.Fields(r.imports)
		for _, imported := range imports {
			if !slices.ContainsFunc(imports, func(other string) bool { return reached[other][imported] }) {
				fmt.Fprintf(&picture, "  %s --> %s\n", idOf(r.name), idOf(imported))
			}
		}
	}

	return picture.String() + classes
}

// nodeOf is a package with its name, idOf what arrows call it.
func nodeOf(name string) string {
	if name == "" {
		return "main[main.go]"
	}

	return idOf(name) + "[" + name + "]"
}

func idOf(name string) string {
	if name == "" {
		return "main"
	}

	return strings.ReplaceAll(name, "/", "_")
}
