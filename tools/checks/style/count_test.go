package main

import (
	"strings"
	"testing"
)

func TestFunctionsAreCountedByTheirNames(t *testing.T) {
	const source = `package p
func main() {}
func init() {}
func settle() {}
func refreshState() {}
func Parse() {}
func (t) close() {}
func (t) Close() {}
func (t) main() {}
`
	f := figure{}
	if err := f.addFunctions("p.go", []byte(source)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, found := range f.findings {
		got = append(got, found.text)
	}
	if names := strings.Join(got, ", "); names != "func settle, func close, func main" || f.of != 6 {
		t.Errorf("of %d: %s", f.of, names)
	}
	if f.findings[0].line != 4 || f.value() != 50 {
		t.Errorf("line %d, %g %%", f.findings[0].line, f.value())
	}
}

func TestAvoidedWordsAreFoundWhereverTheyStand(t *testing.T) {
	for source, want := range map[string]int{
		"package p // nobody\n":                                 1,
		"package p\n\n/* Somebody\nand whoever */\n":            2,
		"package p\n\nconst text = \"a stranger's cache\"\n":    1,
		"package p\n\nconst text = `is had`\n":                  1,
		"package p\n\nvar liarOfSizes, a_liar int\n":            2,
		"package p\n\n// familiar, had, peculiar\nvar anti int": 0,
	} {
		f := figure{}
		f.addGo("p.go", []byte(source))
		if len(f.findings) != want {
			t.Errorf("%q: %v, want %d", source, f.findings, want)
		}
	}
	f := figure{}
	f.addText("p.md", []byte("Never write `nobody`.\nNobody does.\n"))
	if len(f.findings) != 1 || f.findings[0].line != 2 {
		t.Errorf("%v", f.findings)
	}
}

func TestLongLinesAreCountedInColumns(t *testing.T) {
	for line, want := range map[string]int{
		strings.Repeat("x", 120):                             0,
		strings.Repeat("x", 121):                             1,
		strings.Repeat("机", 120):                             0,
		"\t" + strings.Repeat("x", 117):                      1,
		"\t" + strings.Repeat("x", 116):                      0,
		"// https://example.com/" + strings.Repeat("x", 200): 0,
	} {
		f := figure{}
		f.addLongLines("p.go", []byte(line+"\n"))
		if len(f.findings) != want || f.of != 1 {
			t.Errorf("%q: %d of %d, want %d of 1", line, len(f.findings), f.of, want)
		}
	}
}

func TestHalfWidthPunctuationIsFoundInChineseText(t *testing.T) {
	for line, want := range map[string]int{
		"磁盘大小,计费": 1,
		"磁盘大小，计费（`a(b), c`）；见[这里](x.md)。": 0,
		"| 适合 | 经常启动,或者 |":                1,
		"# 与官方 Provider 相同: 密钥":           1,
		"# 与官方相同:密钥":                      1,
		"缓存(英文)":                          2,
		"a, b (c): d":                     0,
	} {
		f := figure{}
		f.addHalfWidth("p-zh.md", []byte("第一行\n"+line+"\n"))
		if len(f.findings) != want || want > 0 && f.findings[0].line != 2 {
			t.Errorf("%q: %v, want %d", line, f.findings, want)
		}
	}
	if !isChinese("templates/guides/getting-started-zh.md") || !isChinese("README.zh-CN.md") || isChinese("README.md") {
		t.Error("a document's language is not told by its name")
	}
}
