// Package docstest_test reads what people read: every link leads somewhere, every configuration is
// valid, every command is one that a test or a script has run, and what is said in two languages is
// said in both.
package docstest_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// root is the top of the repository.
const root = "../.."

// A page is one Markdown file, parsed as GitHub parses it.
type page struct {
	path   string // from the top, with slashes
	source []byte
	tree   ast.Node
}

// A block is a fenced piece of code.
type block struct {
	language string
	text     string
	line     int
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM))

func readPage(t *testing.T, path string) *page {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	// front matter, blanked so that line numbers stay
	if rest, found := bytes.CutPrefix(source, []byte("---\n")); found {
		_, body, _ := bytes.Cut(rest, []byte("\n---\n"))
		head := source[:len(source)-len(body)]
		source = append(bytes.Repeat([]byte("\n"), bytes.Count(head, []byte("\n"))), body...)
	}
	return &page{path: path, source: source, tree: markdown.Parser().Parse(text.NewReader(source))}
}

// allPages are the Markdown files of the repository, but for templates, whose result is in docs/,
// and test data.
func allPages(t *testing.T) []*page {
	t.Helper()
	var pages []*page
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root &&
			(slices.Contains(
				[]string{".git", ".changes", "bin", "dist", "templates", "testdata", ".terraform"}, name,
			)) {
			return filepath.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(name, ".md") {
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			pages = append(pages, readPage(t, filepath.ToSlash(relative)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// guides are the pages that are written by hand, in English and Chinese: README and docs/guides,
// and what a registry shows first.
func guides(t *testing.T) []*page {
	t.Helper()
	return slices.DeleteFunc(allPages(t), func(p *page) bool {
		return !strings.HasPrefix(p.path, "docs/guides/") && !strings.HasPrefix(p.path, "README") &&
			p.path != "docs/index.md"
	})
}

func (p *page) walk(visit func(ast.Node)) {
	_ = ast.Walk(p.tree, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			visit(node)
		}
		return ast.WalkContinue, nil
	})
}

func (p *page) lineOf(offset int) int { return 1 + bytes.Count(p.source[:offset], []byte("\n")) }

func (p *page) blocks(languages ...string) []block {
	var found []block
	p.walk(func(node ast.Node) {
		fenced, ok := node.(*ast.FencedCodeBlock)
		if !ok || !slices.Contains(languages, string(fenced.Language(p.source))) {
			return
		}
		b := block{language: string(fenced.Language(p.source))}
		for i := range fenced.Lines().Len() {
			line := fenced.Lines().At(i)
			if i == 0 {
				b.line = p.lineOf(line.Start)
			}
			b.text += string(line.Value(p.source))
		}
		found = append(found, b)
	})
	return found
}

// plain is the text of a node as a reader sees it.
func (p *page) plain(node ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if leaf, ok := n.(*ast.Text); ok && entering {
			b.Write(leaf.Value(p.source))
		}
		if leaf, ok := n.(*ast.String); ok && entering {
			b.Write(leaf.Value)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

var htmlAnchor = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)

// anchors are the names by which GitHub lets a link point into the page.
func (p *page) anchors() map[string]bool {
	found := map[string]bool{}
	p.walk(func(node ast.Node) {
		heading, ok := node.(*ast.Heading)
		if !ok {
			return
		}
		slug := slugOf(p.plain(heading))
		for i, unique := 1, slug; ; i++ {
			if !found[unique] {
				found[unique] = true
				return
			}
			unique = slug + "-" + strconv.Itoa(i)
		}
	})
	for _, match := range htmlAnchor.FindAllSubmatch(p.source, -1) {
		found[string(match[1])] = true
	}
	return found
}

// slugOf is GitHub's rule: lower case, without punctuation, spaces as hyphens.
func slugOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}
