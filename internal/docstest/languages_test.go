package docstest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// measured is a page whose tables programs write from what they measured: its translation points to them instead of repeating them.
const measured = "docs/guides/how-the-number-comes-about.md"

// TestBothLanguagesHaveTheSameParts compares a page with its translation, part by part.
func TestBothLanguagesHaveTheSameParts(t *testing.T) {
	t.Parallel()
	for english, chinese := range translations(t) {
		one, other := readPage(t, english).shape(), readPage(t, chinese).shape()
		if english == measured {
			notHeading := func(part string) bool { return !strings.HasPrefix(part, "heading") }
			one, other = slices.DeleteFunc(one, notHeading), slices.DeleteFunc(other, notHeading)
		}
		if diff := cmp.Diff(one, other); diff != "" {
			t.Errorf("%s (-) and %s (+) differ in their parts:\n%s", english, chinese, diff)
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
