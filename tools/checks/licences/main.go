// Command licences finds the licence of every module that is compiled into the provider, on every
// platform that a release is made for, and refuses one that is not agreed to. It is run from the
// top of the repository.
//
//	licences                  writes the table, Markdown, to standard output
//	licences -texts           writes every licence's text, as a release has to carry it
//
// Licences are recognized by go-licenses. Its own command would also look for each file's address
// on the web; this one needs no network beyond what `go list` needs.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/build"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-licenses/v2/licenses"
	"golang.org/x/mod/module"
	"k8s.io/klog/v2"
)

// allowed are the licences that may be part of a program under MPL-2.0 that is handed out as a
// binary.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "0BSD", "Unlicense"}

// platforms are those of .goreleaser.yml. A dependency that only one of them has counts as well.
var platforms = []string{
	"darwin/amd64", "darwin/arm64", "freebsd/386", "freebsd/amd64", "freebsd/arm", "freebsd/arm64",
	"linux/386", "linux/amd64", "linux/arm", "linux/arm64", "windows/386", "windows/amd64", "windows/arm64",
}

// A part is what one licence file covers.
type part struct {
	name, version, licence, text string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("licences: ")
	texts := flag.Bool("texts", false, "write the texts instead of the table")
	flag.Parse()
	klog.LogToStderr(false) // go-licenses warns of every assembly file
	klog.SetOutput(io.Discard)
	parts, err := findParts(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	if *texts {
		writeTexts(os.Stdout, parts)
	} else {
		writeTable(os.Stdout, parts)
	}
	if err := refuseUnknown(parts); err != nil {
		log.Fatal(err)
	}
}

// findParts asks for one platform after the other: build constraints decide what is compiled in.
func findParts(ctx context.Context) ([]part, error) {
	classifier, err := licenses.NewClassifier()
	if err != nil {
		return nil, err
	}
	own, err := exec.CommandContext(ctx, "go", "list", "-m").Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m: %w", err)
	}
	// a program built with -trimpath does not know it, and would take everything for Go's own
	build.Default.GOROOT = goEnv(ctx, "GOROOT")
	f := finder{
		classifier: classifier, own: strings.TrimSpace(string(own)), modules: goEnv(ctx, "GOMODCACHE"),
		found: map[string]part{}, seen: map[string]bool{},
	}
	for _, platform := range platforms {
		if err := f.lookAtPlatform(ctx, platform); err != nil {
			return nil, fmt.Errorf("%s: %w", platform, err)
		}
	}
	goText, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "LICENSE"))
	if err != nil {
		return nil, err
	}
	f.found["Go"] = part{name: "Go", version: "standard library", licence: "BSD-3-Clause", text: string(goText)}
	return slices.SortedFunc(maps.Values(f.found), func(a, b part) int { return cmp.Compare(a.name, b.name) }), nil
}

// finder gathers the parts of one platform after the other.
type finder struct {
	classifier licenses.Classifier
	own        string // this module, which is no third party
	modules    string // the folder of Go's module cache
	found      map[string]part
	seen       map[string]bool // sets of packages: most platforms compile the same ones
}

// lookAtPlatform finds the parts that one platform compiles.
func (f *finder) lookAtPlatform(ctx context.Context, platform string) error {
	system, architecture, _ := strings.Cut(platform, "/")
	if err := errors.Join(os.Setenv("GOOS", system), os.Setenv("GOARCH", architecture)); err != nil {
		return err
	}
	listed, err := exec.CommandContext(ctx, "go", "list", "-deps", ".").Output()
	if err != nil {
		return fmt.Errorf("go list -deps: %w", err)
	}
	if f.seen[string(listed)] {
		return nil
	}
	f.seen[string(listed)] = true
	libraries, err := licenses.Libraries(ctx, f.classifier, false, nil, ".")
	if err != nil {
		return err
	}
	for _, library := range libraries {
		if strings.HasPrefix(library.Name(), f.own) {
			continue
		}
		p, err := f.describeLibrary(library)
		if err != nil {
			return err
		}
		f.found[p.name] = p
	}
	return nil
}

func goEnv(ctx context.Context, name string) string {
	//nolint:gosec // one of two names that stand in this file
	value, err := exec.CommandContext(ctx, "go", "env", name).Output()
	if err != nil {
		log.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

// describeLibrary names a part by where its licence lies in its module, which is the same on every
// platform.
func (f *finder) describeLibrary(library *licenses.Library) (part, error) {
	var names []string
	for _, licence := range library.Licenses {
		names = append(names, licence.Name)
	}
	slices.Sort(names)
	p := part{
		name:    library.Name(),
		version: library.Version(),
		licence: cmp.Or(strings.Join(slices.Compact(names), " and "), "unknown"),
	}
	if library.LicenseFile == "" {
		return p, nil
	}
	folder := filepath.Dir(library.LicenseFile)
	if inCache, err := filepath.Rel(f.modules, folder); err == nil {
		escaped, below, _ := strings.Cut(filepath.ToSlash(inCache), "@")
		_, below, _ = strings.Cut(below, "/")
		if name, err := module.UnescapePath(escaped); err == nil {
			p.name = path.Join(name, below)
		}
	}
	var err error
	p.text, err = textOf(library.LicenseFile)
	return p, err
}

// textOf returns a licence, and the notices that Apache-2.0 wants to be passed on: NOTICE,
// NOTICE.txt or NOTICE.md beside it.
func textOf(licence string) (string, error) {
	notices, err := filepath.Glob(filepath.Join(filepath.Dir(licence), "NOTICE*"))
	if err != nil {
		return "", err
	}
	var texts []string
	for _, file := range append([]string{licence}, notices...) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		texts = append(texts, strings.TrimSpace(string(text)))
	}
	return strings.Join(texts, "\n\n"), nil
}

// refuseUnknown names what is not allowed, or not to be found.
func refuseUnknown(parts []part) error {
	var bad []string
	for _, p := range parts {
		for licence := range strings.SplitSeq(p.licence, " and ") {
			if !slices.Contains(allowed, licence) {
				bad = append(bad, p.name+": "+licence)
			}
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("these licences are not agreed to:\n  %s", strings.Join(bad, "\n  "))
	}
	return nil
}

func writeTable(w io.Writer, parts []part) {
	fmt.Fprint(w, `# Third-party licences

What is compiled into the released binaries, on any platform. `+"`make tidy`"+` writes this page, and `+"`make check`"+` compares it with
what is compiled in now. The archives of a release carry the texts in `+"`THIRD_PARTY_LICENCES.txt`"+`.

| part | version | licence |
| --- | --- | --- |
`)
	for _, p := range parts {
		fmt.Fprintf(w, "| %s | %s | %s |\n", p.name, p.version, p.licence)
	}
}

func writeTexts(w io.Writer, parts []part) {
	fmt.Fprintln(
		w,
		"The provider is made of its own code, under the Mozilla Public License 2.0 (file LICENSE), and of "+
			"these parts.",
	)
	for _, p := range parts {
		fmt.Fprintf(
			w, "\n%s\n%s %s (%s)\n\n%s\n", strings.Repeat("=", 80), p.name, p.version, p.licence,
			strings.TrimSpace(p.text),
		)
	}
}
