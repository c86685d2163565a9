package tketest

import (
	"fmt"
	"strconv"
	"time"
)

// TimeForm is one of the forms that times take in the service's answers. All of them are JSON
// strings.
type TimeForm int

// The forms, each as it was seen.
const (
	TimePlain       TimeForm = iota // 2021-12-06 22:52:24
	TimeUTC                         // 2026-03-30 07:03:35 +0000 UTC
	TimeRFC3339                     // 2026-03-30T07:03:35Z
	TimeEpochMillis                 // 1774854215000
	TimeMonotonic                   // 2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991
)

// timeFormatter writes times the way the service does: as if several programs had each written some
// of them.
type timeFormatter struct {
	forms     []TimeForm
	plainZone *time.Location
	started   time.Time // what a monotonic suffix counts from
}

// formatTime takes the form by salt, so that a field of a cache keeps its form from one answer to
// the next while its neighbours have others. A zero time is the empty string.
func (w timeFormatter) formatTime(t time.Time, salt int) string {
	if t.IsZero() {
		return ""
	}
	switch w.forms[salt%len(w.forms)] {
	case TimeUTC:
		return t.UTC().Format("2006-01-02 15:04:05 -0700 MST")
	case TimeRFC3339:
		return t.UTC().Format(time.RFC3339)
	case TimeEpochMillis:
		return strconv.FormatInt(t.UnixMilli(), 10)
	case TimeMonotonic:
		china := time.FixedZone("CST", 8*60*60)
		return t.In(china).Format("2006-01-02 15:04:05.999999999 -0700 MST") +
			fmt.Sprintf(" m=%+.9f", t.Sub(w.started).Seconds())
	default:
		return t.In(w.plainZone).Format("2006-01-02 15:04:05")
	}
}

// formatExpiry has two ways to say never: the empty string, and a hundred years after the creation.
func (w timeFormatter) formatExpiry(expires, created time.Time, salt int) string {
	if expires.IsZero() && salt%2 == 0 {
		expires = created.AddDate(100, 0, 0)
	}
	return w.formatTime(expires, salt)
}
