package docstest_test

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"
)

// TestEveryLinkLeadsSomewhere follows what can be followed offline: files, pictures and anchors of
// the repository. Of addresses on the web it asks only that they are whole and encrypted.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	pages := allPages(t)
	anchors := map[string]map[string]bool{}
	for _, p := range pages {
		anchors[p.path] = p.anchors()
	}
	count := 0
	for _, p := range pages {
		p.walk(func(node ast.Node) {
			var destination string
			switch n := node.(type) {
			case *ast.Link:
				destination = string(n.Destination)
			case *ast.Image:
				destination = string(n.Destination)
			case *ast.AutoLink:
				destination = string(n.URL(p.source))
			default:
				return
			}
			count++
			if problem := follow(p, destination, anchors); problem != "" {
				t.Errorf("%s: the link to %q %s", p.path, destination, problem)
			}
		})
	}
	if count < 50 {
		t.Errorf("only %d links were seen: the test looks at too little", count)
	}
}

// follow returns what is wrong with a link, and nothing if it leads somewhere.
func follow(from *page, destination string, anchors map[string]map[string]bool) string {
	target, err := url.Parse(destination)
	if err != nil {
		return "is no address: " + err.Error()
	}
	if target.Scheme != "" {
		if target.Scheme != "https" || target.Host == "" {
			return "is not https"
		}
		return ""
	}
	file := from.path
	if target.Path != "" {
		file = path.Join(path.Dir(from.path), target.Path)
	}
	if strings.HasPrefix(file, "../") {
		return "leaves the repository"
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
		return "leads to no file"
	}
	// A registry serves docs/ alone: what lies outside is reached by its whole address from there.
	if strings.HasPrefix(from.path, "docs/") && !strings.HasPrefix(file, "docs/") {
		return "leaves docs/, which is all that a registry shows"
	}
	if target.Fragment != "" {
		if known, isPage := anchors[file]; !isPage || !known[target.Fragment] {
			return "has an anchor that is not there"
		}
	}
	return ""
}

func TestFollowNoticesWhatIsWrong(t *testing.T) {
	t.Parallel()
	from := &page{path: "docs/guides/x.md"}
	anchors := map[string]map[string]bool{"docs/index.md": {"registries": true}}
	for destination, good := range map[string]bool{
		"../index.md": true, "../index.md#registries": true, "https://example.com/x": true,
		"../index.md#nowhere": false, "../nothing.md": false, "../../README.md": false, "../../../x": false,
		"http://example.com": false, "https:///x": false,
	} {
		if got := follow(from, destination, anchors); (got == "") != good {
			t.Errorf("%s: %q", destination, got)
		}
	}
}

func TestSlugsAreGitHubs(t *testing.T) {
	t.Parallel()
	for heading, slug := range map[string]string{
		"How the number comes about":        "how-the-number-comes-about",
		"A tag moves, and the plan notices": "a-tag-moves-and-the-plan-notices",
		"`auto`, or an id?":                 "auto-or-an-id", "选哪一种办法?": "选哪一种办法",
	} {
		if got := slugOf(strings.ReplaceAll(heading, "`", "")); got != slug {
			t.Errorf("%s: %s, want %s", heading, got, slug)
		}
	}
}
