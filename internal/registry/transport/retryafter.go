package transport

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longestWait is what every longer wait is cut to.
const longestWait = 365 * 24 * time.Hour

var number = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)?$`)

// retryAfter reads Retry-After; 0 stands for none that makes sense.
func retryAfter(resp *http.Response) time.Duration {
	return parseRetryAfter(strings.TrimSpace(resp.Header.Get("Retry-After")), time.Now())
}

// parseRetryAfter reads seconds or a date (RFC 9110, section 10.2.3), and what registries send
// besides: seconds with a fraction, a Unix time in seconds or smaller units, a date of RFC 3339,
// and a number with a unit.
func parseRetryAfter(value string, now time.Time) time.Duration {
	if number.MatchString(value) {
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil || seconds >= 1e19 {
			return longestWait
		}
		return waitOf(seconds, now)
	}
	for _, parse := range []func(string) (time.Time, error){
		http.ParseTime, func(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) },
	} {
		if date, err := parse(value); err == nil {
			return clampWait(date.Sub(now))
		}
	}
	if wait, err := time.ParseDuration(value); err == nil {
		return clampWait(wait)
	}
	return 0
}

// waitOf takes a number for seconds, or for a Unix time where that many seconds are decades.
func waitOf(seconds float64, now time.Time) time.Duration {
	const decades, millennia = 1e9, 1e11
	if seconds < decades {
		return clampWait(time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second)))
	}
	for seconds >= millennia { // milliseconds, microseconds, nanoseconds
		seconds /= 1000
	}
	return clampWait(time.Unix(int64(seconds), 0).Sub(now))
}

func clampWait(wait time.Duration) time.Duration { return min(max(wait, 0), longestWait) }
