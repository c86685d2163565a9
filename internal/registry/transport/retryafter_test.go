package transport

import (
	"testing"
	"time"
)

func TestRetryAfterIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "NaN": 0, "+Inf": 0, "0": 0, "1e9": 0,
		"30": 30 * time.Second, "1.5": 1500 * time.Millisecond, "86400": 24 * time.Hour,
		"Fri, 27 Nov 2026 12:01:00 GMT":    time.Minute,
		"Friday, 27-Nov-26 12:01:00 GMT":   time.Minute,
		"Fri Nov 27 12:01:00 2026":         time.Minute,
		"Fri, 27 Nov 2026 11:00:00 GMT":    0, // past
		"2026-11-27T12:01:00Z":             time.Minute,
		"1795780860":                       time.Minute, // Unix time, of 12:01:00
		"1795780860.5":                     time.Minute,
		"1795780860000":                    time.Minute, // in milliseconds
		"1795780860000000000":              time.Minute, // in nanoseconds
		"1790000000":                       0,           // past
		"90s":                              90 * time.Second,
		"1m30s":                            90 * time.Second,
		"999999999":                        longestWait,
		"99999999999999999999999999":       longestWait,
		"Thu, 01 Jan 9998 00:00:00 GMT":    longestWait,
		"123456789012345678901234567890.5": longestWait,
	} {
		if got := parseRetryAfter(value, now); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"30", "1795780860000", "Fri, 27 Nov 2026 12:01:00 GMT", "1h", "1e400"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if got := parseRetryAfter(value, time.Unix(1_795_780_800, 0)); got < 0 || got > longestWait {
			t.Errorf("%q: %s", value, got)
		}
	})
}
