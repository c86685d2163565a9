package dockerconfig

import (
	"bytes"
	"regexp"
	"strings"
)

// What is shown of a helper's output, in words.
const (
	maxHelperWords = 40
	maxWordLength  = 16
)

// notShown says why nothing is quoted.
const notShown = "its output is not shown, since it may hold secrets"

var (
	// plainWord is a word of prose, or a small number, with the punctuation around it.
	plainWord = regexp.MustCompile(`^["'(]*(?:[A-Za-z][a-z]*(?:['/-][a-z]+)*|[A-Z]{2,6}|[0-9]{1,3})["')]*[.,:;!?]*$`)
	// unspeakable is what words have not, and random letters soon have.
	unspeakable = regexp.MustCompile(`(?i)[bcdfghjklmnpqrstvwxz]{5}`)
	// labelOfSecret is a word before a secret.
	labelOfSecret = regexp.MustCompile(`(?i)(?:pass|secret|token|key|credential|auth).*[:=]$`)
)

// quoteHelper returns what a helper that failed has said, as far as it is prose: nothing knows the
// secrets that its output may hold. What is not a plain word is shown as an ellipsis.
func quoteHelper(output []byte) string {
	text := string(bytes.TrimSpace(output))
	if text == "" {
		return "it says nothing"
	}
	if strings.ContainsAny(text, "{}<>") { // a document: credentials are one
		return notShown
	}
	var words []string
	shown, afterLabel := 0, false
	for word := range strings.FieldsSeq(text) {
		if len(words) == maxHelperWords {
			words = append(words, "…")
			break
		}
		isShown := !afterLabel && len(word) <= maxWordLength && plainWord.MatchString(word) &&
			!unspeakable.MatchString(word)
		afterLabel = labelOfSecret.MatchString(word)
		switch {
		case isShown:
			words = append(words, word)
			shown++
		case len(words) == 0 || words[len(words)-1] != "…":
			words = append(words, "…")
		}
	}
	if shown < 2 {
		return notShown
	}
	return `it says "` + strings.Join(words, " ") + `"`
}

// boundedBuffer keeps the first bytes that are written to it.
type boundedBuffer struct{ bytes.Buffer }

const maxHelperOutput = 4 << 10

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if room := maxHelperOutput - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
