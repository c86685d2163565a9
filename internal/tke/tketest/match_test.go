package tketest_test

import (
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	canonical, partial := tketest.Unconfirmed{CanonicalNames: true}, tketest.Unconfirmed{PartialMatch: true}
	old, recent := time.Now().Add(-time.Hour), time.Now()
	caches := []tketest.Cache{
		{ID: "imc-large", SizeGiB: 50, Images: []string{"app:1", "base:1"}, CreatedAt: recent},
		{ID: "imc-old", SizeGiB: 30, Images: []string{"app:1", "base:1"}, CreatedAt: old},
		{ID: "imc-new", SizeGiB: 30, Images: []string{"base:1", "app:1"}, CreatedAt: recent},
		{ID: "imc-building", Status: tketest.StatusPending, Images: []string{"app:1"}},
		{ID: "imc-failed", Status: tketest.StatusUpdateFailed, Images: []string{"app:1"}},
		{ID: "imc-elsewhere", Region: "ap-hongkong", Images: []string{"app:1"}},
		{ID: "imc-nydus", Images: []string{"app:1"}, Snapshotter: "nydus", SizeGiB: 100},
		{ID: "imc-nginx", Images: []string{"nginx"}},
		{ID: "imc-digest", Images: []string{"r.example.com:5000/a:2@sha256:" + hex64("a")}},
		{ID: "imc-untagged", Images: []string{"r.example.com/b@sha256:" + hex64("a")}},
	}
	for _, test := range []struct {
		name        string
		unconfirmed tketest.Unconfirmed
		request     fields
		want        string
	}{
		{"smaller, then newer", tketest.Unconfirmed{}, fields{"Images": []string{"app:1"}}, "imc-new"},
		{"all images", tketest.Unconfirmed{}, fields{"Images": []string{"app:1", "base:1"}}, "imc-new"},
		{"not all images", tketest.Unconfirmed{}, fields{"Images": []string{"app:1", "other:1"}}, ""},
		{"some images", partial, fields{"Images": []string{"app:1", "other:1"}}, "imc-new"},
		{"no image", partial, fields{"Images": []string{"other:1"}}, ""},
		{"another tag", tketest.Unconfirmed{}, fields{"Images": []string{"app:2"}}, ""},
		{
			"snapshotter", tketest.Unconfirmed{}, fields{"Images": []string{"app:1"}, "Snapshotter": "nydus"},
			"imc-nydus",
		},
		{"no such snapshotter", tketest.Unconfirmed{}, fields{"Images": []string{"nginx"}, "Snapshotter": "nydus"}, ""},
		{"latest", tketest.Unconfirmed{}, fields{"Images": []string{"nginx:latest"}}, "imc-nginx"},
		{"in full", tketest.Unconfirmed{}, fields{"Images": []string{"docker.io/library/nginx:latest"}}, ""},
		{"in full, canonical", canonical, fields{"Images": []string{"docker.io/library/nginx:latest"}}, "imc-nginx"},
		{
			"another digest", tketest.Unconfirmed{},
			fields{"Images": []string{"r.example.com:5000/a:2@sha256:" + hex64("b")}}, "imc-digest",
		},
		{"no digest", tketest.Unconfirmed{}, fields{"Images": []string{"r.example.com:5000/a:2"}}, "imc-digest"},
		{"digest is no tag", tketest.Unconfirmed{}, fields{"Images": []string{"r.example.com/b:latest"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, c := start(t, tketest.Options{Unconfirmed: test.unconfirmed})
			for _, cache := range caches {
				s.Put(cache)
			}
			answer := c.ok(t, tketest.ActionMatch, test.request)
			found, _ := answer["ImageCache"].(fields)
			id, _ := found["ImageCacheId"].(string)
			if id != test.want || answer["Found"] != (test.want != "") {
				t.Errorf("found %v %q, want %q", answer["Found"], id, test.want)
			}
			if cache, ok := s.Cache(test.want); ok && cache.LastMatchedAt.IsZero() {
				t.Error("LastMatchedTime has not changed")
			}
		})
	}
}

// hex64 is a digest of nothing in particular.
func hex64(digit string) string {
	out := ""
	for range 64 {
		out += digit
	}
	return out
}
