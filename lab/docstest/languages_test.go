package docstest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark/ast"
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

var hclComment = regexp.MustCompile(`(?m)[ \t]*#.*$`)

// TestBothLanguagesHaveTheSameCode compares the code without its comments, and what texts of errors
// say.
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

// TestChineseLinesEndWhereABlankMayStand: a line that ends in the middle of a paragraph is shown as
// a blank, which has no place between two Chinese characters, nor beside full-width punctuation.
func TestChineseLinesEndWhereABlankMayStand(t *testing.T) {
	t.Parallel()
	for _, path := range translations(t) {
		p := readPage(t, path)
		p.walk(func(node ast.Node) {
			if leaf, ok := node.(*ast.Text); ok && leaf.SoftLineBreak() {
				before, _ := utf8.DecodeLastRune(leaf.Value(p.source))
				after, _ := utf8.DecodeRuneInString(p.plain(nextText(leaf)))
				bothHan := unicode.Is(unicode.Han, before) && unicode.Is(unicode.Han, after)
				if isFullWidth(before) || isFullWidth(after) || bothHan {
					line := p.lineOf(leaf.Segment.Start)
					t.Errorf("%s:%d: a blank would be shown between %q and %q", path, line, before, after)
				}
			}
		})
	}
}

// nextText is the node behind a leaf, in its own paragraph.
func nextText(leaf ast.Node) ast.Node {
	for node := leaf; node != nil && node.Type() == ast.TypeInline; node = node.Parent() {
		if next := node.NextSibling(); next != nil {
			return next
		}
	}
	return ast.NewText()
}

func isFullWidth(r rune) bool {
	return strings.ContainsRune("，。；：、？！（）“”《》", r)
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
