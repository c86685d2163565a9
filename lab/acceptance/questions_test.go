package acceptance_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const (
	absent  = "imc-zzzzzzzz"                    // an id that no cache has
	missing = "registry.example.com/missing:v1" // an image that cannot be pulled
)

// ask puts all questions, in an order in which two caches of 20 GiB suffice.
func (s *target) ask(t *testing.T) []answer {
	t.Helper()
	if s.cloud != nil { // caches of others, as an account has them: an order is seen only where there is a choice
		for i := range 20 {
			s.cloud.Put(tketest.Cache{
				Name:      "somebodys",
				Images:    []string{"registry.example.com/other:v1"},
				CreatedAt: time.Now().Add(-time.Duration(i) * time.Hour),
			})
		}
	}
	name := newName()
	first, code := s.create(t, name, fields{
		"RetentionDays": 30, "Tags": []fields{{"Key": "suite", "Value": "acceptance"}},
	})
	if code != "" {
		t.Fatalf("CreateImageCache: the service answers %s", code)
	}
	built := s.settle(t, first)
	if built["Status"] != "Ready" {
		t.Fatalf("the cache is %v: %v", built["Status"], built["Events"])
	}
	return slices.Concat(
		s.askNew(t, name), s.askListing(t, built), s.askMatching(t), s.askUpdates(t, first), s.askBounds(t, first),
	)
}

// askNew asks what can be asked only of a cache that is still being built, a second one of a name
// where that may be, and waits for its end, whatever that is.
func (s *target) askNew(t *testing.T, name string) []answer {
	t.Helper()
	s.building.Lock()
	id, refused := s.create(t, name, nil)
	if id == "" {
		id, _ = s.create(t, newName(), nil)
	}
	listed := s.look(t, id) != nil
	_, early := s.call(t, "UpdateImageCache", fields{"ImageCacheId": id, "ImageCacheName": newName()})
	s.building.Unlock()
	s.settle(t, id)
	return []answer{
		{"UniqueNames", "May two caches have one name?", yes(refused)},
		{"ListedAfter", "Is a new cache listed at once?", yesNo(listed)},
		{"UpdateWhilePending", "May a cache be updated while it is Pending?", yes(early)},
	}
}

func (s *target) askListing(t *testing.T, first fields) []answer {
	t.Helper()
	listed, code := s.call(t, "DescribeImageCaches", fields{"ImageCacheIds": []string{absent}})
	unknown := "an empty list"
	if code != "" {
		unknown = code
	} else if found, _ := listed["ImageCaches"].([]any); len(found) > 0 {
		unknown = "something else"
	}
	_, code = s.call(t, "DeleteImageCaches", fields{"ImageCacheIds": []string{absent}})
	_, updated := s.call(t, "UpdateImageCache", fields{"ImageCacheId": absent, "RetentionDays": 1})
	ids := make([]string, 51)
	for i := range ids {
		ids[i] = fmt.Sprintf("imc-zzzzz%03d", i)
	}
	_, many := s.call(t, "DescribeImageCaches", fields{"ImageCacheIds": ids[:50], "Limit": 50})
	_, newer := first["ImageCacheType"]
	everything := s.must(t, "DescribeImageCaches", fields{"ImageCacheIds": []string{}, "Limit": 1})
	_, tooLong := s.call(t, "DescribeImageCaches", fields{"Limit": 51})
	return []answer{
		{"UnknownIDNotFound", "What does DescribeImageCaches say of an unknown id?", unknown},
		{"DeleteUnknown", "May an unknown id be deleted?", yes(code)},
		{"NotFoundCode", "May an unknown id be updated?", yes(updated)},
		{
			"EmptyIDsSelectNothing", "Does an empty list of ids select every cache?",
			yesNo(count(everything["ImageCaches"]) > 0),
		},
		{"LimitIsParameter", "May a page have 51 caches?", yes(tooLong)},
		{"MaxIDs", "May one call name 50 ids?", yes(many)},
		{"Order", "In which order are caches listed?", s.order(t)},
		{"OmitNewerFields", "Do answers have the type of a cache?", yesNo(newer)},
		{
			"ReturnNetwork", "Does DescribeImageCaches tell VPC, subnet and security groups?",
			told(first, "VpcId", "SubnetId", "SecurityGroupIds"),
		},
		{"Tell", "Does DescribeImageCaches tell the images as they were asked for?", as(first["Images"], s.images[0])},
		{
			"AutomaticTags", "Has a cache no other tags than those that were asked for?",
			yesNo(count(first["Tags"]) == 1),
		},
		{"PlainTimesIn", "In which zone are times without one?", zone(fmt.Sprint(first["CreationTime"]))},
	}
}

// order looks at all caches of the region.
func (s *target) order(t *testing.T) string {
	t.Helper()
	listed, _ := s.must(t, "DescribeImageCaches", fields{"Limit": 50})["ImageCaches"].([]any)
	var times []string
	for _, entry := range listed {
		cache, _ := entry.(map[string]any)
		times = append(times, fmt.Sprint(cache["CreationTime"]))
	}
	oldestFirst := slices.IsSorted(times)
	slices.Reverse(times)
	switch newestFirst := slices.IsSorted(times); {
	case newestFirst && oldestFirst:
		return "unknown, there are too few"
	case newestFirst:
		return "newest first"
	case oldestFirst:
		return "oldest first"
	}
	return "not by creation"
}

func (s *target) askMatching(t *testing.T) []answer {
	t.Helper()
	found := func(images ...string) string {
		matches, _ := s.must(t, "GetMostSuitableImageCache", fields{"Images": images})["Found"].(bool)
		return yesNo(matches)
	}
	return []answer{
		{"PartialMatch", "Does a cache match that lacks one of the images?", found(s.images[0], missing)},
		{"CanonicalNames", "Does nginx match docker.io/library/nginx?", found("docker.io/library/" + s.images[0])},
	}
}

func (s *target) askUpdates(t *testing.T, id string) []answer {
	t.Helper()
	renamed, _ := s.update(t, id, fields{"ImageCacheName": newName()})
	kept := fmt.Sprint(renamed["RetentionDays"]) == "30" && count(renamed["Tags"]) == 1
	prolonged, _ := s.update(t, id, fields{
		"RetentionDays": 60, "Tags": []fields{{"Key": "suite", "Value": "acceptance"}},
	})
	cleared, _ := s.update(t, id, fields{"Tags": []fields{}})
	before := s.look(t, id)["SnapshotId"]
	again, _ := s.update(t, id, fields{"Images": []string{s.images[0]}})
	s.update(t, id, fields{"ImageCacheSize": 30})
	_, shrunk := s.update(t, id, fields{"ImageCacheSize": 20})
	failed, _ := s.update(t, id, fields{"Images": []string{missing}})
	return []answer{
		{"ResetOmitted", "Does an update keep what it does not name?", yesNo(kept)},
		{"RetentionFromUpdate", "From when does a new retention count?", since(prolonged)},
		{"EmptyListKeeps", "Does an empty list of tags clear them?", yesNo(count(cleared["Tags"]) == 0)},
		{"SameImagesKept", "Are the same images, sent again, pulled again?", yesNo(again["SnapshotId"] != before)},
		{"AllowShrink", "May an update make a cache smaller?", yes(shrunk)},
		{"RevertFailed", "Which images does a cache show whose update failed?", which(failed, s.images[0])},
	}
}

func (s *target) askBounds(t *testing.T, id string) []answer {
	t.Helper()
	images := []string{}
	for i := range 20 {
		images = append(images, fmt.Sprintf("%s-%d", s.images[0], i))
	}
	_, keyOnly := s.update(t, id, fields{"Tags": []fields{{"Key": "suite"}}})
	_, noServer := s.update(t, id, fields{
		"ImageRegistryCredentials": []fields{{"Username": "user", "Password": "password"}},
	})
	_, noImages := s.update(t, id, fields{"Images": []string{}})
	_, noName := s.update(t, id, fields{"ImageCacheName": ""}) // a name follows, by which a left-over is found
	_, long := s.update(t, id, fields{"ImageCacheName": prefix + strings.Repeat("n", 128-len(prefix))})
	_, many := s.create(t, newName(), fields{"Images": images}) // the last: it is not waited for
	return []answer{
		{"AcceptTagWithoutValue", "May a tag have no value?", yes(keyOnly)},
		{"AcceptCredentialWithoutServer", "May a credential name no server?", yes(noServer)},
		{"AcceptEmptyImages", "May the images of an update be an empty list?", yes(noImages)},
		{"AcceptEmptyName", "May a name be empty?", yes(noName)},
		{"MaxImages", "May a cache have 20 images?", yes(many)},
		{"MaxNameLength", "May a name have 128 characters?", yes(long)},
	}
}

// yes is the answer of a call, given the code with which it was refused.
func yes(code string) string {
	if code == "" {
		return "yes"
	}
	return "no: " + code
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// told are those of the keys that are there.
func told(cache fields, keys ...string) string {
	there := slices.DeleteFunc(keys, func(key string) bool { _, is := cache[key]; return !is })
	if len(there) == 0 {
		return "no"
	}
	return strings.Join(there, ", ")
}

// as compares a list of one with what it was asked to be.
func as(list any, asked string) string {
	if told := fmt.Sprint(list); told != "["+asked+"]" {
		return "no: " + told
	}
	return "yes"
}

func count(list any) int {
	entries, _ := list.([]any)
	return len(entries)
}

const plain = "2006-01-02 15:04:05"

// zone reports in which zone a time of just now was written.
func zone(text string) string {
	at, err := time.Parse(plain, text)
	if err != nil {
		return "they have one: " + regularized(text)
	}
	switch {
	case time.Since(at).Abs() < 2*time.Hour:
		return "UTC"
	case time.Since(at.Add(-8*time.Hour)).Abs() < 2*time.Hour:
		return "China Standard Time"
	}
	return "neither UTC nor China Standard Time"
}

// regularized keeps the form of a time and drops what differs from run to run.
func regularized(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, text)
}

// moment reads the forms of times that the service has been seen to write.
func moment(text string) (time.Time, bool) {
	text, _, _ = strings.Cut(text, " m=") // Go's monotonic reading
	for _, form := range []string{plain, "2006-01-02 15:04:05.999999999 -0700 MST", time.RFC3339Nano} {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(millis), true
	}
	return time.Time{}, false
}

// since reports whether 60 days of retention count from the creation.
func since(cache fields) string {
	created, known := moment(fmt.Sprint(cache["CreationTime"]))
	expires, knownToo := moment(fmt.Sprint(cache["ExpireDateTime"]))
	if !known || !knownToo {
		return "unknown: " + regularized(fmt.Sprint(cache["CreationTime"], ", ", cache["ExpireDateTime"]))
	}
	if expires.Sub(created) <= 60*24*time.Hour+time.Second {
		return "from the creation"
	}
	return "from the update"
}

// which shows whether a cache whose update failed still shows what it had before.
func which(cache fields, before string) string {
	if cache["Status"] != "UpdateFailed" {
		return fmt.Sprintf("it is %v", cache["Status"])
	}
	if images, _ := cache["Images"].([]any); len(images) == 1 && images[0] == before {
		return "those from before"
	}
	return "the new ones"
}
