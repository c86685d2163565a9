// Command style measures what a machine can measure of how the code reads, as CONTRIBUTING.md asks
// for it: names of functions that are one lower-case word, words that texts do without, long lines,
// and punctuation of Latin text in Chinese. It is run from the top of the repository.
//
//	style                     prints the figures, and fails where one is above its limit
//	style -list               also prints each name, word and line that counts
//	style -fail names,words   fails for these figures only
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// A finding is one place that counts.
type finding struct {
	file string
	line int
	text string
}

// A figure is what one check measured.
type figure struct {
	key      string // what -fail calls it
	title    string
	findings []finding
	of       int     // how many places were looked at; 0 where only the findings count
	limit    float64 // percent, or findings
}

func (f figure) value() float64 {
	if f.of == 0 {
		return float64(len(f.findings))
	}
	return 100 * float64(len(f.findings)) / float64(f.of)
}

func (f figure) write(w io.Writer, list bool) {
	if list {
		for _, found := range f.findings {
			fmt.Fprintf(w, "%s:%d: %s\n", found.file, found.line, found.text)
		}
	}
	if f.of == 0 {
		fmt.Fprintf(w, "%s: %d, at most %g\n", f.title, len(f.findings), f.limit)
		return
	}
	fmt.Fprintf(w, "%s: %d of %d, %.1f %%, at most %g %%\n", f.title, len(f.findings), f.of, f.value(), f.limit)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("style: ")
	list := flag.Bool("list", false, "print each name, word and line that counts")
	fail := flag.String("fail", "names,words,lines,lines-of-tests,punctuation", "the `figures` whose limits count")
	flag.Parse()
	files, err := committed(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	figures, err := measure(files)
	if err != nil {
		log.Fatal(err)
	}
	failed := false
	for _, f := range figures {
		f.write(os.Stdout, *list)
		failed = failed || f.value() > f.limit && slices.Contains(strings.Split(*fail, ","), f.key)
	}
	if failed {
		log.Fatal("CONTRIBUTING.md says how code and texts are to read; make check-style LIST=1 lists each place")
	}
}

// measure reads every file once.
func measure(files []string) ([]figure, error) {
	names := figure{key: "names", title: "functions named by one lower-case word, outside tests", limit: 10}
	words := figure{key: "words", title: "words that code and texts do without"}
	lines := figure{key: "lines", title: "lines of more than 120 columns, outside tests", limit: 0.5}
	linesOfTests := figure{key: "lines-of-tests", title: "lines of more than 120 columns, in tests", limit: 0.3}
	punctuation := figure{key: "punctuation", title: "half-width punctuation in Chinese text"}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		isTest := strings.HasSuffix(file, "_test.go")
		switch path.Ext(file) {
		case ".go":
			if isTest {
				linesOfTests.addLongLines(file, content)
			} else {
				lines.addLongLines(file, content)
				if err := names.addFunctions(file, content); err != nil {
					return nil, err
				}
			}
			words.addGo(file, content)
		case ".md", ".tmpl", ".tf", ".hcl", ".yml", ".yaml", ".sh":
			words.addText(file, content)
			if isChinese(file) {
				punctuation.addHalfWidth(file, content)
			}
		}
	}
	return []figure{names, words, lines, linesOfTests, punctuation}, nil
}

// committed lists the files of the repository that were written here: neither generated nor a
// test's data.
func committed(ctx context.Context) (files []string, err error) {
	output, err := exec.CommandContext(
		ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
	).Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	for file := range strings.SplitSeq(strings.TrimRight(string(output), "\x00"), "\x00") {
		if _, err := os.Stat(file); err == nil && !isForeign(file) {
			files = append(files, file)
		}
	}
	return files, nil
}

// isForeign says that a file is generated from others, or has to name the words that it looks for.
func isForeign(file string) bool {
	for _, prefix := range []string{
		"docs/", "tools/checks/style/", "THIRD_PARTY_LICENCES.md", "CHANGELOG.md", ".changes/v",
	} {
		if strings.HasPrefix(file, prefix) {
			return true
		}
	}
	return strings.Contains(file, "testdata/fuzz/")
}
