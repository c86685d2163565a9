package tketest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func ids(caches []fields) []string {
	out := []string{}
	for _, cache := range caches {
		out = append(out, cache["ImageCacheId"].(string))
	}
	return out
}

func TestPaging(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{})
	var want []string
	for range 57 {
		want = append(want, s.Put(tketest.Cache{Images: []string{"a"}}).ID)
	}
	slices.Sort(want)
	var got []string
	for _, test := range []struct {
		page fields
		want int
	}{
		{fields{}, 20}, {fields{"Limit": 30, "Offset": 20}, 30}, {fields{"Limit": 50, "Offset": 50}, 7},
	} {
		answer := c.ok(t, tketest.ActionDescribe, test.page)
		page := ids(c.list(t, test.page))
		if answer["TotalCount"] != 57.0 || len(page) != test.want {
			t.Errorf("%v: %d of %v, want %d of 57", test.page, len(page), answer["TotalCount"], test.want)
		}
		got = append(got, page...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("three pages together (-want +got):\n%s", diff)
	}
	if beyond := c.list(t, fields{"Offset": 57}); len(beyond) != 0 {
		t.Errorf("%d caches beyond the end", len(beyond))
	}
	c.refused(t, tketest.ActionDescribe, fields{"Limit": 51}, "InvalidParameterValue")
	c.refused(t, tketest.ActionDescribe, fields{"Limit": 0}, "InvalidParameterValue")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{})
	for _, name := range []string{"a", "b", "c"} {
		s.Put(tketest.Cache{ID: "imc-" + name, Name: name, Images: []string{"a"}})
	}
	s.Put(tketest.Cache{ID: "imc-else", Name: "a", Region: "ap-singapore"})
	byName := func(names ...string) []fields { return []fields{{"Name": "image-cache-name", "Values": names}} }
	for _, test := range []struct {
		request fields
		want    []string
	}{
		{fields{}, []string{"imc-a", "imc-b", "imc-c"}},
		{fields{"ImageCacheIds": []string{"imc-b", "imc-gone", "imc-else"}}, []string{"imc-b"}},
		{fields{"ImageCacheIds": []string{"imc-gone"}}, []string{}},
		{fields{"ImageCacheNames": []string{"a", "c"}}, []string{"imc-a", "imc-c"}},
		{fields{"Filters": byName("b", "c")}, []string{"imc-b", "imc-c"}},
		{fields{"Filters": byName("b"), "ImageCacheNames": []string{"a"}}, []string{}},
		{fields{"Filters": byName("b"), "ImageCacheIds": []string{"imc-b", "imc-a"}}, []string{"imc-b"}},
	} {
		if diff := cmp.Diff(test.want, ids(c.list(t, test.request))); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.request, diff)
		}
	}
	c.refused(
		t, tketest.ActionDescribe, fields{"Filters": []fields{{"Name": "status", "Values": []string{"a"}}}},
		"InvalidParameterValue",
	)
	other := newClientFor(s, common.NewCredential(tketest.DefaultSecretID, tketest.DefaultSecretKey), "ap-singapore")
	if got := ids(other.list(t, fields{})); !slices.Equal(got, []string{"imc-else"}) {
		t.Errorf("in another region: %v", got)
	}
}

func TestRegionsAreApart(t *testing.T) {
	t.Parallel()
	s, here := start(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{Quota: 1, UniqueNames: true}})
	there := newClientFor(s, common.NewCredential(tketest.DefaultSecretID, tketest.DefaultSecretKey), "ap-singapore")
	id := here.create(t, fields{"ImageCacheName": "a"})
	await(t, s, id, tketest.StatusReady)
	there.refused(t, tketest.ActionUpdate, fields{"ImageCacheId": id}, "ResourceNotFound")
	there.refused(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{id}}, "ResourceNotFound")
	there.create(t, fields{"ImageCacheName": "a"})
	here.ok(t, tketest.ActionUpdate, fields{"ImageCacheId": id, "ImageCacheName": "a"})
}

func TestUnknownIDs(t *testing.T) {
	t.Parallel()
	_, lenient := start(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{DeleteUnknown: true}})
	s, strict := start(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{UnknownIDNotFound: true}})
	known := []string{s.Put(tketest.Cache{}).ID}
	if got := ids(strict.list(t, fields{"ImageCacheIds": known})); !slices.Equal(got, known) {
		t.Errorf("known ids: %v, want %v", got, known)
	}
	gone := fields{"ImageCacheIds": []string{"imc-gone"}}
	if got := lenient.ok(t, tketest.ActionDescribe, gone); got["TotalCount"] != 0.0 {
		t.Errorf("TotalCount %v, want 0", got["TotalCount"])
	}
	lenient.ok(t, tketest.ActionDelete, gone)
	strict.refused(t, tketest.ActionDescribe, gone, "ResourceNotFound")
	strict.refused(t, tketest.ActionDelete, gone, "ResourceNotFound")
	strict.refused(t, tketest.ActionUpdate, fields{"ImageCacheId": "imc-gone"}, "ResourceNotFound")
}

func TestOrder(t *testing.T) {
	t.Parallel()
	for order, want := range map[tketest.Order][]string{
		tketest.OrderByID: {"imc-a", "imc-b", "imc-c"}, tketest.OrderNewestFirst: {"imc-b", "imc-c", "imc-a"},
		tketest.OrderOldestFirst: {"imc-a", "imc-c", "imc-b"},
	} {
		s, c := start(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{Order: order}})
		for i, id := range []string{"imc-b", "imc-a", "imc-c"} {
			s.Put(tketest.Cache{ID: id, CreatedAt: time.Unix(int64([]int{300, 100, 200}[i]), 0)})
		}
		if diff := cmp.Diff(want, ids(c.list(t, fields{}))); diff != "" {
			t.Errorf("order %d (-want +got):\n%s", order, diff)
		}
	}
}

// Over five caches, each time field takes each of the five forms, and all of them mean the same
// moment.
func TestTimeForms(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{})
	moment := time.Date(2026, 3, 30, 7, 3, 35, 0, time.UTC)
	for i := range 5 {
		s.Put(tketest.Cache{
			ID: fmt.Sprint("imc-", i), CreatedAt: moment, ExpiresAt: moment.AddDate(500, 0, 0), LastMatchedAt: moment,
			Events: []tketest.Event{{Type: "Normal", Reason: "DiskCreated", First: moment, Last: moment}},
		})
	}
	seen := map[string]map[int]bool{}
	note := func(field, value string, want time.Time) {
		form, got := parseTime(t, value)
		if seen[field] == nil {
			seen[field] = map[int]bool{}
		}
		seen[field][form] = true
		if !got.Equal(want) {
			t.Errorf("%s %q is %v, want %v", field, value, got, want)
		}
	}
	for _, cache := range c.list(t, fields{}) {
		note("CreationTime", text(t, cache, "CreationTime"), moment)
		note("ExpireDateTime", text(t, cache, "ExpireDateTime"), moment.AddDate(500, 0, 0))
		note("LastMatchedTime", text(t, cache, "LastMatchedTime"), moment)
		note("FirstTimestamp", text(t, cache["Events"].([]any)[0].(fields), "FirstTimestamp"), moment)
	}
	for field, forms := range seen {
		if len(forms) != 5 {
			t.Errorf("%s came in %d forms, want 5", field, len(forms))
		}
	}
}

func TestTimeFormsToTheLetter(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 3, 30, 9, 7, 11, 389402882, time.UTC)
	for form, want := range map[tketest.TimeForm]string{
		tketest.TimePlain:       "2026-03-30 17:07:11",
		tketest.TimeUTC:         "2026-03-30 09:07:11 +0000 UTC",
		tketest.TimeRFC3339:     "2026-03-30T09:07:11Z",
		tketest.TimeEpochMillis: "1774861631389",
		tketest.TimeMonotonic:   "2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991",
	} {
		s, c := start(t, tketest.Options{
			TimeForms:      []tketest.TimeForm{form},
			Clock:          func() time.Time { return moment.Add(-893262707991) },
			SignatureClock: time.Now,
			Unconfirmed:    tketest.Unconfirmed{PlainTimesIn: time.FixedZone("", 8*60*60)},
		})
		s.Put(tketest.Cache{CreatedAt: moment})
		if got := text(t, c.list(t, fields{})[0], "CreationTime"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A cache that never expires says so in two ways, and a time that never was is empty.
func TestNever(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{TimeForms: []tketest.TimeForm{tketest.TimeRFC3339}})
	moment := time.Date(2026, 3, 30, 7, 3, 35, 0, time.UTC)
	got := map[string]bool{}
	for range 2 {
		s.Put(tketest.Cache{CreatedAt: moment})
	}
	for _, cache := range c.list(t, fields{}) {
		got[text(t, cache, "ExpireDateTime")] = true
		if cache["LastMatchedTime"] != "" {
			t.Errorf("LastMatchedTime %v", cache["LastMatchedTime"])
		}
	}
	if !got[""] || !got["2126-03-30T07:03:35Z"] {
		t.Errorf("never is written %v", got)
	}
}
