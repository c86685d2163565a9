package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	columns  = 120
	tabWidth = 4
)

// avoided are words and turns that have a plainer one: persons where there are none, and calques.
var avoided = regexp.MustCompile(
	`(?i)\b(?:nobody|somebody|whoever|whomever|strangers?|liars?|held against|in the words of|(?:is|are|be|was|were) had)\b`,
)

var (
	oneWord   = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	codeMarks = regexp.MustCompile("`[^`\n]*`")
	address   = regexp.MustCompile(`https?://\S{60}`)
)

// addFunctions counts the functions and methods of a file. The names of main and init are Go's.
func (f *figure) addFunctions(file string, content []byte) error {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, content, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, declaration := range parsed.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Recv == nil && (function.Name.Name == "main" || function.Name.Name == "init") {
			continue
		}
		f.of++
		if oneWord.MatchString(function.Name.Name) {
			f.findings = append(f.findings, finding{
				file, set.Position(function.Pos()).Line, "func " + function.Name.Name,
			})
		}
	}
	return nil
}

// addGo looks at comments, strings and names.
func (f *figure) addGo(file string, content []byte) {
	set := token.NewFileSet()
	position := set.AddFile(file, -1, len(content))
	var tokens scanner.Scanner
	tokens.Init(position, content, nil, scanner.ScanComments)
	for {
		at, kind, text := tokens.Scan()
		switch kind {
		case token.EOF:
			return
		case token.COMMENT, token.STRING:
			f.addAvoided(file, position.Line(at), text)
		case token.IDENT:
			f.addAvoided(file, position.Line(at), separated(text))
		}
	}
}

// separated writes a name as words: sizeOf_layer becomes "size Of layer".
func separated(name string) string {
	var words strings.Builder
	for _, r := range name {
		switch {
		case r == '_':
			r = ' '
		case unicode.IsUpper(r):
			words.WriteByte(' ')
		}
		words.WriteRune(r)
	}
	return words.String()
}

// addText looks at a document. What stands in code marks is a name.
func (f *figure) addText(file string, content []byte) {
	f.addAvoided(file, 1, codeMarks.ReplaceAllString(string(content), "``"))
}

func (f *figure) addAvoided(file string, firstLine int, text string) {
	for _, at := range avoided.FindAllStringIndex(text, -1) {
		f.findings = append(f.findings, finding{file, firstLine + strings.Count(text[:at[0]], "\n"), text[at[0]:at[1]]})
	}
}

// addLongLines counts lines. One that is long for a web address is not to be broken.
func (f *figure) addLongLines(file string, content []byte) {
	number := 0
	for line := range bytes.Lines(content) {
		number++
		f.of++
		width := utf8.RuneCount(bytes.TrimRight(line, "\r\n")) + (tabWidth-1)*bytes.Count(line, []byte("\t"))
		if width > columns && !address.Match(line) {
			f.findings = append(f.findings, finding{
				file, number, string(bytes.TrimSpace(line[:min(len(line), 60)])) + "…",
			})
		}
	}
}
