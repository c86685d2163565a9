package tfdiag

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const catalogue = "testdata/texts.md"

// troubleshooting are the pages that explain the messages, which are English on both.
var troubleshooting = map[string]string{
	"English": "../../templates/guides/troubleshooting.md",
	"Chinese": "../../templates/guides/troubleshooting-zh.md",
}

// quoted returns what stands in fenced blocks of a language, as one line each.
func quoted(t *testing.T, file, language string) []string {
	t.Helper()
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(
		read(t, file), -1,
	) {
		found = append(found, oneLine(match[1]))
	}
	return found
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// messages are the texts of the catalogue, each with its first line.
func messages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, entry := range strings.Split(read(t, catalogue), "\n## ")[1:] {
		situation, text, _ := strings.Cut(entry, "\n")
		all[situation] = oneLine(strings.NewReplacer("```", "", "**\n", ": ", "**", "").Replace(text))
	}
	return all
}

// whatDiffers from case to case is written as … in the guide.
var whatDiffers = regexp.MustCompile(`\s*…\s*`)

// TestEveryMessageIsInTheGuide goes both ways: a message that the guide lacks cannot be found, and
// one that is not printed any more misleads.
func TestEveryMessageIsInTheGuide(t *testing.T) {
	t.Parallel()
	all := messages(t)
	if len(all) < 30 {
		t.Fatalf("the catalogue gave only %d messages: the test looks at too little", len(all))
	}
	for _, words := range readFailures {
		if words.summary != "" {
			all[words.summary] = words.summary
		}
	}
	all[unreadable], all["Cannot compute a disk size"] = unreadable, "Cannot compute a disk size"
	for language, guide := range troubleshooting {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			checkExplanations(t, guide, all)
		})
	}
}

// checkExplanations compares a guide's patterns with all messages.
func checkExplanations(t *testing.T, guide string, all map[string]string) {
	t.Helper()
	explained := map[string]bool{}
	for _, pattern := range quoted(t, guide, "text") {
		parts := whatDiffers.Split(pattern, -1)
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		matches := regexp.MustCompile(strings.Join(parts, ".*"))
		printed := false
		for situation, text := range all {
			if matches.MatchString(text) {
				printed = true
				// Every call's failure matches the general form; what has a text of its own needs an entry of its own.
				if !strings.HasPrefix(pattern, "The TKE API answered … with …: …") ||
					situation == "a code without a remedy" {
					explained[situation] = true
				}
			}
		}
		if !printed {
			t.Errorf("the guide explains what nothing prints: %s", pattern)
		}
	}
	for situation, text := range all {
		if !explained[situation] {
			t.Errorf("the guide does not explain %q: %s", situation, text)
		}
	}
}

// TestEveryCodeAndCauseIsInTheGuide holds the guides to what the advice is chosen by.
func TestEveryCodeAndCauseIsInTheGuide(t *testing.T) {
	t.Parallel()
	for language, guide := range troubleshooting {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			checkCodesAndCauses(t, oneLine(strings.ReplaceAll(read(t, guide), "`", "")))
		})
	}
}

func checkCodesAndCauses(t *testing.T, page string) {
	t.Helper()
	codes := slices.Clone(remedies)
	for _, more := range serviceRemedies {
		codes = append(codes, more...)
	}
	for _, r := range codes {
		if !strings.Contains(page, r.code) {
			t.Errorf("the guide does not name the code %s", r.code)
		}
	}
	for _, cause := range buildCauses {
		first, _, _ := strings.Cut(strings.ReplaceAll(cause.advice, "`", ""), ".")
		first, _, _ = strings.Cut(first, ":")
		if !strings.Contains(page, first) {
			t.Errorf("the guide does not say: %s", first)
		}
	}
}
