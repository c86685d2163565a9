package docstest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// translations are pages that exist in both languages.
func translations(t *testing.T) map[string]string {
	t.Helper()
	pairs := map[string]string{"README.md": "README.zh-CN.md"}
	chinese, err := filepath.Glob(filepath.Join(root, "docs", "guides", "*-zh.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range chinese {
		name := filepath.Base(file)
		pairs["docs/guides/"+strings.TrimSuffix(name, "-zh.md")+".md"] = "docs/guides/" + name
	}
	if len(pairs) < 4 {
		t.Fatalf("the README and three guides are there in Chinese, but only %v was found", pairs)
	}
	return pairs
}

// measured is a part whose table a program writes from what it measured: its translation points to it instead of repeating it.
const measured = "Held against containerd"

// A part is what stands between a heading and the next.
type part struct {
	Shape []string // the heading's level, blocks of code by language, tables by columns and rows, lists by length, pictures, paragraphs
	Facts []string // figures, and what stands in code marks within sentences; sorted, since languages order a sentence as they like

	title string
}

var figure = regexp.MustCompile(`\d[\d,.]*\d|\d`)

// parts are what a page and its translation must share, whatever their words.
func (p *page) parts() []*part {
	parts := []*part{{}}
	p.walk(func(node ast.Node) {
		at := parts[len(parts)-1]
		switch n := node.(type) {
		case *ast.Heading:
			parts = append(parts, &part{title: p.plain(n), Shape: []string{"heading " + strconv.Itoa(n.Level)}})
		case *ast.FencedCodeBlock:
			at.Shape = append(at.Shape, "code "+string(n.Language(p.source)))
		case *extast.Table:
			at.Shape = append(at.Shape, "table "+strconv.Itoa(n.FirstChild().ChildCount())+" by "+strconv.Itoa(n.ChildCount()))
		case *ast.List:
			at.Shape = append(at.Shape, "list "+strconv.Itoa(n.ChildCount()))
		case *ast.Image:
			at.Shape = append(at.Shape, "picture "+string(n.Destination))
		case *ast.Paragraph:
			at.Shape = append(at.Shape, "paragraph")
		case *ast.CodeSpan:
			at.Facts = append(at.Facts, "`"+p.plain(n)+"`")
		case *ast.Text:
			if _, code := n.Parent().(*ast.CodeSpan); !code {
				at.Facts = append(at.Facts, figure.FindAllString(string(n.Value(p.source)), -1)...)
			}
		}
	})
	for _, at := range parts {
		slices.Sort(at.Facts)
	}
	return parts
}

// TestBothLanguagesHaveTheSameParts compares a page with its translation, part by part. A figure or a name that only one of them
// tells is how a page shows that the other has gone on without it.
func TestBothLanguagesHaveTheSameParts(t *testing.T) {
	t.Parallel()
	for english, chinese := range translations(t) {
		one, other := readPage(t, english).parts(), readPage(t, chinese).parts()
		if len(one) != len(other) {
			t.Errorf("%s has %d parts, and %s has %d", english, len(one), chinese, len(other))
			continue
		}
		for i := range one {
			if one[i].title == measured {
				continue
			}
			if diff := cmp.Diff(one[i], other[i], cmpopts.IgnoreUnexported(part{})); diff != "" {
				t.Errorf("%q of %s (-) and %s (+) differ:\n%s", one[i].title, english, chinese, diff)
			}
		}
	}
}

var hclComment = regexp.MustCompile(`(?m)[ \t]*#.*$`)

// TestBothLanguagesHaveTheSameCode compares the code without its comments, and what texts of errors say.
func TestBothLanguagesHaveTheSameCode(t *testing.T) {
	t.Parallel()
	text := regexp.MustCompile(`(error_message|description)( *=) "[^"]*"`)
	code := func(p *page) []string {
		var all []string
		for _, b := range p.blocks("terraform", "shell", "yaml", "json", "text", "") {
			all = append(all, text.ReplaceAllString(hclComment.ReplaceAllString(b.text, ""), "$1$2 …"))
		}
		return all
	}
	for english, chinese := range translations(t) {
		if diff := cmp.Diff(code(readPage(t, english)), code(readPage(t, chinese))); diff != "" {
			t.Errorf("%s (-) and %s (+) differ in their code:\n%s", english, chinese, diff)
		}
	}
}

// TestNoPageTellsOfTheMachineItWasWrittenOn looks at pictures as well.
func TestNoPageTellsOfTheMachineItWasWrittenOn(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "assets", "*.svg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pictures: %v", err)
	}
	for _, p := range allPages(t) {
		files = append(files, filepath.Join(root, filepath.FromSlash(p.path)))
	}
	machine := regexp.MustCompile(`/(root|home|work|Users|tmp)/|/usr/local/|goproxy|[a-z]:\\\\`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := machine.FindAll(content, -1); found != nil {
			t.Errorf("%s speaks of %q", file, found)
		}
	}
}
