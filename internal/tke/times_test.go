package tke

import (
	"encoding/json"
	"testing"
	"time"
)

func TestEveryFormOfATimeIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"2021-12-06 22:52:24"`:           "2021-12-06T14:52:24Z",
		`"2026-03-30 07:03:35 +0000 UTC"`: "2026-03-30T07:03:35Z",
		`"2026-03-30T07:03:35Z"`:          "2026-03-30T07:03:35Z",
		`"2026-03-30T07:03:35.5+08:00"`:   "2026-03-29T23:03:35.5Z",
		`"1774854215000"`:                 "2026-03-30T07:03:35Z",
		`1774854215000`:                   "2026-03-30T07:03:35Z",
		`"2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991"`: "2026-03-30T09:07:11.389402882Z",
		`""`:          "",
		`null`:        "",
		`"-"`:         "",
		`"0"`:         "",
		`{"odd": []}`: "",
	} {
		var got Time
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		formatted := ""
		if !got.IsZero() {
			formatted = got.Format(time.RFC3339Nano)
		}
		if formatted != want {
			t.Errorf("%s: got %q, want %q", text, formatted, want)
		}
	}
}

func TestNeverExpiresInEachForm(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 3, 30, 7, 3, 35, 0, time.UTC)
	none, ten := int64(0), int64(10)
	tests := map[string]struct {
		cache   ImageCache
		expires bool
	}{
		"no time":              {ImageCache{}, false},
		"in a hundred years":   {ImageCache{Expires: Time{created.AddDate(100, 0, 0)}}, false},
		"retention of no days": {ImageCache{RetentionDays: &none, Expires: Time{created}}, false},
		"in ten days":          {ImageCache{RetentionDays: &ten, Expires: Time{created.AddDate(0, 0, 10)}}, true},
		"in ten years":         {ImageCache{Expires: Time{created.AddDate(0, 0, 3650)}}, true},
	}
	for name, test := range tests {
		test.cache.Created = Time{created}
		if _, expires := test.cache.ExpiresAt(); expires != test.expires {
			t.Errorf("%s: expires %v, want %v", name, expires, test.expires)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{
		"2021-12-06 22:52:24", "2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991", "1774854215000", " m=", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if parsed, ok := parseTime(text); ok && parsed.IsZero() && text[0] != '0' {
			t.Errorf("%q was read as no time at all", text)
		}
	})
}
