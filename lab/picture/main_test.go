package main

import (
	"encoding/xml"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLinesThatAreTooWide(t *testing.T) {
	t.Parallel()
	text := "short\n" + strings.Repeat("a", columns) + "\n" + strings.Repeat("b", columns+1) + "\n"
	lines, err := readLines(strings.NewReader(text), false, false)
	if want := []string{"short", strings.Repeat("a", columns), strings.Repeat("b", columns), "b"}; err != nil ||
		!slices.Equal(lines, want) {
		t.Errorf("%v, %q, want them broken as a terminal does: %q", err, lines, want)
	}
	if _, err := readLines(strings.NewReader(text), false, true); err == nil ||
		!strings.Contains(err.Error(), "101 columns") {
		t.Errorf("%v, want an error that says how wide", err)
	}
}

// TestNothingIsBrokenInTheReadmesPicture: a line that fills the last column is one that was broken
// there, or would be soon.
func TestNothingIsBrokenInTheReadmesPicture(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../assets/demo.svg")
	if err != nil {
		t.Fatal(err)
	}
	var picture struct {
		Lines []struct {
			X    float64 `xml:"x,attr"`
			Text string  `xml:",chardata"`
		} `xml:"g>text"`
	}
	if err := xml.Unmarshal(content, &picture); err != nil {
		t.Fatal(err)
	}
	if len(picture.Lines) < 20 {
		t.Fatalf("only %d lines were seen: the test looks at too little", len(picture.Lines))
	}
	for _, line := range picture.Lines {
		indent := int(math.Round((line.X - margin) / cellWidth))
		if width := indent + utf8.RuneCountInString(line.Text); width >= columns {
			t.Errorf("%d columns: %s", width, line.Text)
		}
	}
}
