package acceptance_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// asked are the rows of the guide's table of what is unconfirmed, each with the question of this
// suite that settles it.
var asked = map[string]string{
	"may two caches have one name?":                                "UniqueNames",
	"does an unknown id give an empty list or `ResourceNotFound`?": "UnknownIDNotFound",
	"with which code does it answer what does not exist?":          "NotFoundCode",
	"is a new cache listed at once?":                               "ListedAfter",
	"may a cache shrink?":                                          "AllowShrink",
	"are fields kept that an update leaves out?":                   "ResetOmitted",
	"does `[]` clear a list?":                                      "EmptyListKeeps",
	"does an update with the same images pull them again?":         "SameImagesKept",
	"which zone are times without a zone in?":                      "PlainTimesIn",
	"in which status may a cache be updated?":                      "UpdateWhilePending",
	"does it return VPC, subnet and security groups?":              "ReturnNetwork",
	"does it return a cache as it was requested?":                  "Tell",
	"are there other tags than those that were asked for?":         "AutomaticTags",
}

// TestEveryUnconfirmedPointOfTheGuideIsAsked holds README's word, that `make testacc` settles these
// points.
func TestEveryUnconfirmedPointOfTheGuideIsAsked(t *testing.T) {
	t.Parallel()
	s := aim(t, tketest.Options{})
	if s.real {
		t.Skip("this reads the guide, and asks the stand-in")
	}
	about := map[string]bool{}
	for _, a := range s.ask(t) {
		about[a.about] = true
	}
	content, err := os.ReadFile("../../templates/guides/what-survives.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(content), "\n## What is unconfirmed about the service\n")
	rows := map[string]bool{}
	for line := range strings.Lines(section) {
		row, isRow := strings.CutPrefix(line, "| ")
		if title, _, _ := strings.Cut(row, " | "); isRow && title != "question" && title != "---" {
			rows[title] = true
			if !about[asked[title]] {
				t.Errorf("no question of this suite is about %q", title)
			}
		}
	}
	if len(rows) < 9 {
		t.Errorf("only %d rows of the guide were seen", len(rows))
	}
	for title := range asked {
		if !rows[title] {
			t.Errorf("the guide has no row %q any more", title)
		}
	}
}
