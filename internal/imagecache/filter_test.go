package imagecache

import (
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// TestUnusedCachesCountFromTheirLastMatch, or from their creation where there was none.
func TestUnusedCachesCountFromTheirLastMatch(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	daysAgo := func(days int) tke.Time { return tke.Time{Time: now.AddDate(0, 0, -days)} }
	wanted := filter{UnusedForDays: types.Int64Value(30)}
	for name, test := range map[string]struct {
		cache tke.ImageCache
		want  bool
	}{
		"matched today, made long ago":       {tke.ImageCache{Created: daysAgo(90), LastMatched: daysAgo(0)}, false},
		"matched thirty days ago":            {tke.ImageCache{Created: daysAgo(90), LastMatched: daysAgo(30)}, true},
		"never matched, made long ago":       {tke.ImageCache{Created: daysAgo(31)}, true},
		"never matched, made lately":         {tke.ImageCache{Created: daysAgo(29)}, false},
		"neither time returned: not certain": {tke.ImageCache{}, false},
	} {
		if got := wanted.matchesCache(&test.cache, regexp.MustCompile(""), now); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	if none := (filter{}); !none.matchesCache(&tke.ImageCache{}, regexp.MustCompile(""), now) {
		t.Error("without a filter, a cache is left out")
	}
}
