package tke

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Time is a point in time in any of the service's formats; zero when it is missing or cannot be
// parsed.
type Time struct{ time.Time }

// serviceZone is where a time without a zone is taken to be: China Standard Time. Unconfirmed; the
// published DescribeImageCaches example only makes sense so (the cache is created before its first
// event).
var serviceZone = time.FixedZone("CST", 8*60*60)

var timeLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05 -0700 MST",
	"2006-01-02 15:04:05.999999999 -0700 MST",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04:05",
}

// UnmarshalJSON never fails: a time that cannot be parsed must not make the cache unreadable.
func (t *Time) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(bytes.TrimSpace(data)) // epoch milliseconds are written as a number too
	}
	t.Time, _ = parseTime(text)
	return nil
}

// parseTime reads the forms in which the API writes times: "2021-12-06 22:52:24", "2026-03-30
// 07:03:35 +0000 UTC", RFC 3339, epoch milliseconds, and what Go prints of a time with a monotonic
// reading ("… +0800 CST m=+893.262707991").
func parseTime(text string) (time.Time, bool) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), " m=")
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 0 {
		return time.UnixMilli(ms).UTC(), true
	}
	for _, layout := range timeLayouts {
		if parsed, err := time.ParseInLocation(layout, text, serviceZone); err == nil {
			return parsed.UTC(), true
		}
	}
	return time.Time{}, false
}
