package main

import (
	"bytes"
	"regexp"
	"strings"
)

// isChinese says that a document is written in Chinese.
func isChinese(file string) bool {
	return strings.HasSuffix(file, "-zh.md") || strings.HasSuffix(file, ".zh-CN.md")
}

var (
	linkTarget = regexp.MustCompile(`\]\([^)\s]*\)`)
	// halfWidth is punctuation of Latin text beside a Chinese character. The linter of Chinese text
	// sees paragraphs and lists; tables and comments in code are looked at here alone.
	halfWidth = regexp.MustCompile(`\p{Han}[,;:?!()]|[,;:?!()]\p{Han}`)
)

// addHalfWidth counts half-width punctuation in a Chinese document.
func (f *figure) addHalfWidth(file string, content []byte) {
	number := 0
	for line := range bytes.Lines(content) {
		number++
		text := linkTarget.ReplaceAllString(codeMarks.ReplaceAllString(string(line), "``"), "]")
		for _, found := range halfWidth.FindAllString(text, -1) {
			f.findings = append(f.findings, finding{file, number, found})
		}
	}
}
