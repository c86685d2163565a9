package transport

import (
	"strings"
	"testing"
	"time"
)

const canaryToken = "canary-t0ken"

func TestTokenAnswersThatAreNoTokens(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for body, want := range map[string]string{
		`{"token":"a"}`:                     "Bearer a",
		`{"access_token":"b"}`:              "Bearer b",
		`{"token":"a","access_token":"b"}`:  "Bearer a",
		`{"token":"a","expires_in":"soon"}`: "Bearer a",
		`{"token":"a\r\nX-Injected: 1"}`:    "",
		`{"token":""}`:                      "",
		`{}`:                                "",
		`{"token":"` + canaryToken + `"`:    "",
		`<html>` + canaryToken:              "",
		`{"token":"a","expires_in":{"` + canaryToken + `":1}}`: "Bearer a",
	} {
		fresh, err := parseToken([]byte(body), now)
		if err != nil {
			if strings.Contains(err.Error(), canaryToken) {
				t.Errorf("a secret shows: %v", err)
			}
		}
		if (fresh == nil) != (want == "") || fresh != nil && fresh.header != want {
			t.Errorf("%s: %v", body, fresh)
		}
	}
	for seconds, want := range map[string]time.Duration{
		"": time.Minute, "0": time.Minute, "-5": time.Minute, "null": time.Minute, "NaN": time.Minute,
		"300": 5 * time.Minute, `"300"`: 5 * time.Minute, "1e300": 24 * time.Hour, "Inf": 24 * time.Hour,
	} {
		if got := tokenLife(seconds); got != want {
			t.Errorf("%s: %s", seconds, got)
		}
	}
}
