// Command picture draws what a program printed as a terminal shows it, 100 columns wide: text from
// standard input, an SVG to standard output. The README's picture is made so, from a real run of
// the demonstration; so is what one wants to look at as a user sees it.
package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"html"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The terminal, in columns and pixels.
const (
	columns    = 100
	cellWidth  = 8.4
	lineHeight = 19
	margin     = 20
)

// A style is how lines that begin in a certain way are drawn.
type style struct {
	begins *regexp.Regexp
	look   string
}

// styles are looked through in order; the first that fits counts.
var styles = []style{
	{regexp.MustCompile(`^\$ `), `fill="#e6edf3" font-weight="bold"`},
	{regexp.MustCompile(`^\[\d+\] `), `fill="#79c0ff" font-weight="bold"`},
	{regexp.MustCompile(`^\s*\*\*`), `fill="#7ee787" font-weight="bold"`},
	{regexp.MustCompile(`^(\s*\+ |demo: |\s*No changes\.|\s*Destroy complete)`), `fill="#7ee787"`},
	{regexp.MustCompile(`^\s*(~|# .* must be replaced)`), `fill="#e3b341"`},
	{regexp.MustCompile(`^[\s│╷╵]*Error: `), `fill="#ff7b72" font-weight="bold"`},
	{regexp.MustCompile(`^[\s│╷╵]*Warning: `), `fill="#e3b341" font-weight="bold"`},
	{regexp.MustCompile(`^\s*(Plan:|cache imc-)`), `fill="#e6edf3" font-weight="bold"`},
	{regexp.MustCompile(``), `fill="#c9d1d9"`},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("picture: ")
	prompt := flag.String("prompt", "", "the command that printed the text, for the first line")
	brief := flag.Bool("brief", false, "leave out progress and durations of the demonstration")
	whole := flag.Bool("whole", false, "fail where a line is too wide, instead of breaking it as a terminal does")
	title := flag.String("title", "", "what the picture shows, for those who cannot see it")
	flag.Parse()
	lines, err := readLines(os.Stdin, *brief, *whole)
	if err != nil {
		log.Fatal(err)
	}
	if *prompt != "" {
		lines = append([]string{"$ " + *prompt}, lines...)
	}
	drawPicture(os.Stdout, cmp.Or(*title, *prompt), lines)
}

var passing = regexp.MustCompile(`^ {4}(… |\(\d+\.\d s\)$)`)

// readLines returns the lines as a terminal has them: those that are too long are wrapped, or an
// error where the text has to stay whole.
func readLines(r io.Reader, brief, whole bool) ([]string, error) {
	var lines []string
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		line := strings.TrimRight(scanner.Text(), " \r")
		if brief && (passing.MatchString(line) || line == "" && len(lines) > 0 && lines[len(lines)-1] == "") {
			continue
		}
		if width := utf8.RuneCountInString(line); whole && width > columns {
			return nil, fmt.Errorf("a line has %d columns, and a terminal %d: %s", width, columns, line)
		}
		lines = append(lines, wrapLine(line)...)
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines, scanner.Err()
}

// wrapLine breaks in the middle of a word, as a terminal does.
func wrapLine(line string) []string {
	var lines []string
	for utf8.RuneCountInString(line) > columns {
		runes := []rune(line)
		lines = append(lines, string(runes[:columns]))
		line = string(runes[columns:])
	}
	return append(lines, line)
}

// drawPicture gives each line the length that it has in cells, so that columns stay columns
// whatever font is there.
func drawPicture(w io.Writer, title string, lines []string) {
	width, height := 2*margin+columns*cellWidth, 2*margin+lineHeight*len(lines)
	fmt.Fprintf(
		w,
		`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d" role="img" aria-label="%s">
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
`,
		width, height, width, height, html.EscapeString(title),
	)
	for i, line := range lines {
		text := strings.TrimLeft(line, " ")
		if text == "" {
			continue
		}
		indent := len(line) - len(text)
		look := styles[slices.IndexFunc(styles, func(s style) bool { return s.begins.MatchString(line) })].look
		fmt.Fprintf(w, `<text xml:space="preserve" x="%.1f" y="%d" textLength="%.1f" %s>%s</text>`+"\n",
			margin+float64(indent)*cellWidth, margin+lineHeight*i+15, float64(utf8.RuneCountInString(text))*cellWidth,
			look, html.EscapeString(text))
	}
	fmt.Fprint(w, "</g>\n</svg>\n")
}
