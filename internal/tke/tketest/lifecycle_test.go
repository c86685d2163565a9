package tketest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// inBubble runs a test on a clock of its own, where each step of a build takes a minute. The bubble
// ends only when nothing of the server runs any more.
func inBubble(t *testing.T, opts tketest.Options, test func(*testing.T, *tketest.Server, *client)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts.Pace = time.Minute
		if opts.Builder == nil {
			opts.Builder = tketest.InstantBuilder
		}
		s := tketest.NewUnstarted(opts)
		defer s.Close()
		test(t, s, newClient(s))
	})
}

// steps lets so many steps of a build pass.
func steps(n int) {
	time.Sleep(time.Duration(n) * time.Minute)
	synctest.Wait()
}

func wantStatus(t *testing.T, s *tketest.Server, id string, want tketest.Status) tketest.Cache {
	t.Helper()
	cache, ok := s.Cache(id)
	if !ok || cache.Status != want {
		t.Fatalf("%s is %q, want %q", id, cache.Status, want)
	}
	return cache
}

func TestBuildBecomesReady(t *testing.T) {
	inBubble(t, tketest.Options{}, func(t *testing.T, s *tketest.Server, c *client) {
		id := c.create(t, nil)
		var course []string
		for step, want := range []tketest.Status{"Pending", "Pending", "Pending", "Ready", "Ready", "Ready"} {
			cache := wantStatus(t, s, id, want)
			if len(cache.Events) != step || (cache.SnapshotID != "") != (want == "Ready") {
				t.Fatalf("after %d steps: %+v", step, cache)
			}
			steps(1)
		}
		cache := wantStatus(t, s, id, tketest.StatusReady)
		for _, event := range cache.Events {
			course = append(course, strings.ToLower(event.Reason))
		}
		want := []string{"diskcreated", "ekscicreated", "snapcreated", "ekscideleted", "diskdeleted"}
		if diff := cmp.Diff(want, course); diff != "" {
			t.Errorf("the course of a build (-want +got):\n%s", diff)
		}
		if cache.FinishedBuilds != 1 || cache.UnfinishedBuilds != 0 {
			t.Errorf("%d builds finished, %d not", cache.FinishedBuilds, cache.UnfinishedBuilds)
		}
	})
}

func TestEventsVary(t *testing.T) {
	inBubble(t, tketest.Options{}, func(t *testing.T, s *tketest.Server, c *client) {
		reasons, orders := map[string]bool{}, map[string]bool{}
		for range 3 {
			c.create(t, nil)
		}
		steps(6)
		for _, cache := range c.list(t, fields{}) {
			var order []string
			for _, event := range cache["Events"].([]any) {
				reason := text(t, event.(fields), "Reason")
				reasons[reason] = true
				order = append(order, strings.ToLower(reason))
			}
			orders[strings.Join(order, " ")] = true
		}
		if !reasons["EksciCreated"] || !reasons["EksCiCreated"] {
			t.Errorf("reasons %v lack a spelling", reasons)
		}
		if len(orders) != 3 {
			t.Errorf("three caches have their events in %d orders, want 3: %v", len(orders), orders)
		}
	})
}

func TestBuildFails(t *testing.T) {
	failing := func(context.Context, tketest.Cache) error {
		return &tketest.BuildError{Reason: "NoRoute", Message: "the registry cannot be reached"}
	}
	inBubble(t, tketest.Options{Builder: failing}, func(t *testing.T, s *tketest.Server, c *client) {
		id := c.create(t, nil)
		steps(3)
		cache := wantStatus(t, s, id, tketest.StatusFailed)
		event := cache.Events[2]
		if event.Type != "Warning" || event.Reason != "NoRoute" || event.Message != "the registry cannot be reached" {
			t.Errorf("event %+v", event)
		}
		if cache.SnapshotID != "" || cache.UnfinishedBuilds != 1 {
			t.Errorf("cache %+v", cache)
		}
		c.refused(t, tketest.ActionUpdate, fields{"ImageCacheId": id}, "UnsupportedOperation")
		c.ok(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{id}})
	})
}

func TestUpdateIsAsynchronous(t *testing.T) {
	inBubble(t, tketest.Options{}, func(t *testing.T, s *tketest.Server, c *client) {
		id := c.create(t, fields{"ImageCacheName": "a", "Tags": []fields{{"Key": "k", "Value": "v"}}})
		c.refused(t, tketest.ActionUpdate, fields{"ImageCacheId": id, "ImageCacheName": "b"}, "UnsupportedOperation")
		steps(6)
		before := wantStatus(t, s, id, tketest.StatusReady)

		c.ok(t, tketest.ActionUpdate, fields{"ImageCacheId": id, "ImageCacheName": "b"})
		wantStatus(t, s, id, tketest.StatusUpdating)
		c.refused(t, tketest.ActionUpdate, fields{"ImageCacheId": id}, "UnsupportedOperation")
		steps(1)
		renamed := wantStatus(t, s, id, tketest.StatusReady)
		if renamed.Name != "b" || renamed.SnapshotID != before.SnapshotID || renamed.FinishedBuilds != 1 ||
			len(renamed.Tags) != 1 {
			t.Errorf("a new name changed more, or less: %+v", renamed)
		}

		c.ok(t, tketest.ActionUpdate, fields{"ImageCacheId": id, "Images": []string{"app:2"}, "ImageCacheSize": 30})
		steps(2)
		wantStatus(t, s, id, tketest.StatusUpdating)
		steps(1)
		rebuilt := wantStatus(t, s, id, tketest.StatusReady)
		if rebuilt.SnapshotID == before.SnapshotID || rebuilt.FinishedBuilds != 2 || rebuilt.SizeGiB != 30 ||
			rebuilt.Images[0] != "app:2" {
			t.Errorf("new images: %+v", rebuilt)
		}
	})
}

func TestUpdateFailsAndIsMended(t *testing.T) {
	needsLogin := func(_ context.Context, cache tketest.Cache) error {
		if cache.Images[0] == "private:1" && len(cache.Credentials) == 0 {
			return errors.New("denied")
		}
		return nil
	}
	inBubble(t, tketest.Options{Builder: needsLogin}, func(t *testing.T, s *tketest.Server, c *client) {
		id := c.create(t, nil)
		steps(6)
		c.ok(t, tketest.ActionUpdate, fields{"ImageCacheId": id, "Images": []string{"private:1"}})
		steps(3)
		failed := wantStatus(t, s, id, tketest.StatusUpdateFailed)
		if last := failed.Events[len(failed.Events)-1]; last.Type != "Warning" || last.Message != "denied" {
			t.Errorf("last event %+v", last)
		}
		c.ok(t, tketest.ActionUpdate, fields{"ImageCacheId": id,
			"ImageRegistryCredentials": []fields{{"Server": "r.example.com", "Username": "u", "Password": "p"}}})
		steps(3)
		if mended := wantStatus(t, s, id, tketest.StatusReady); mended.FinishedBuilds != 2 {
			t.Errorf("%d builds finished, want 2", mended.FinishedBuilds)
		}
	})
}

func TestFailBreaksOffTheBuild(t *testing.T) {
	inBubble(t, tketest.Options{}, func(t *testing.T, s *tketest.Server, c *client) {
		id := c.create(t, nil)
		steps(1)
		s.Fail(id, tketest.Event{Message: "the disk was deleted"})
		steps(6)
		if cache := wantStatus(t, s, id, tketest.StatusFailed); len(cache.Events) != 2 {
			t.Errorf("events went on: %+v", cache.Events)
		}
	})
}

func TestUnconfirmedUpdates(t *testing.T) {
	t.Parallel()
	tag := []fields{{"Key": "k", "Value": "v"}}
	for _, test := range []struct {
		name        string
		unconfirmed tketest.Unconfirmed
		update      fields
		code        string
		want        func(tketest.Cache) bool
	}{
		{"shrink", tketest.Unconfirmed{}, fields{"ImageCacheSize": 20}, "InvalidParameterValue", nil},
		{"shrink allowed", tketest.Unconfirmed{AllowShrink: true}, fields{"ImageCacheSize": 20}, "",
			func(c tketest.Cache) bool { return c.SizeGiB == 20 && c.FinishedBuilds == 2 }},
		{"empty list", tketest.Unconfirmed{}, fields{"Tags": []fields{}}, "",
			func(c tketest.Cache) bool { return len(c.Tags) == 0 && len(c.SecurityGroupIDs) == 1 }},
		{"empty list ignored", tketest.Unconfirmed{EmptyListKeeps: true}, fields{"Tags": []fields{}}, "",
			func(c tketest.Cache) bool { return len(c.Tags) == 1 }},
		{"omitted", tketest.Unconfirmed{}, fields{}, "",
			func(c tketest.Cache) bool { return len(c.Tags) == 1 && c.RetentionDays == 9 && !c.ExpiresAt.IsZero() }},
		{"omitted reset", tketest.Unconfirmed{ResetOmitted: true}, fields{"Tags": tag}, "",
			func(c tketest.Cache) bool {
				return len(c.Tags) == 1 && len(c.SecurityGroupIDs) == 0 && c.RetentionDays == 0 && c.ExpiresAt.IsZero()
			}},
		{"same images", tketest.Unconfirmed{}, fields{"Images": []string{"b", "a"}}, "",
			func(c tketest.Cache) bool { return c.FinishedBuilds == 2 }},
		{"same images kept", tketest.Unconfirmed{SameImagesKept: true}, fields{"Images": []string{"b", "a"}}, "",
			func(c tketest.Cache) bool { return c.FinishedBuilds == 1 }},
		{"retention", tketest.Unconfirmed{}, fields{"RetentionDays": 2}, "",
			func(c tketest.Cache) bool { return c.ExpiresAt.Sub(c.CreatedAt) == 48*time.Hour }},
		{"retention from the update", tketest.Unconfirmed{RetentionFromUpdate: true}, fields{"RetentionDays": 2}, "",
			func(c tketest.Cache) bool { return c.ExpiresAt.Sub(c.CreatedAt) == 48*time.Hour+6*time.Minute }},
		{"failure", tketest.Unconfirmed{}, fields{"Images": []string{"bad"}, "ImageCacheSize": 60}, "",
			func(c tketest.Cache) bool { return c.Images[0] == "bad" && c.SizeGiB == 60 }},
		{
			"failure reverted", tketest.Unconfirmed{RevertFailed: true},
			fields{"Images": []string{"bad"}, "ImageCacheSize": 60}, "",
			func(c tketest.Cache) bool { return c.Images[0] == "a" && c.SizeGiB == 50 && c.Status == "UpdateFailed" },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			builder := func(_ context.Context, cache tketest.Cache) error {
				if slices.Contains(cache.Images, "bad") {
					return errors.New("bad")
				}
				return nil
			}
			opts := tketest.Options{Unconfirmed: test.unconfirmed, Builder: builder}
			inBubble(t, opts, func(t *testing.T, s *tketest.Server, c *client) {
				id := c.create(t, fields{"Images": []string{"a", "b"}, "ImageCacheSize": 50, "RetentionDays": 9,
					"Tags": tag, "SecurityGroupIds": []string{"sg-1"}})
				steps(6)
				update := with(test.update, fields{"ImageCacheId": id})
				if test.code != "" {
					c.refused(t, tketest.ActionUpdate, update, test.code)
					wantStatus(t, s, id, tketest.StatusReady)
					return
				}
				c.ok(t, tketest.ActionUpdate, update)
				steps(6)
				if cache, _ := s.Cache(id); !test.want(cache) {
					t.Errorf("after the update: %+v", cache)
				}
			})
		})
	}
}

func TestDeleteBreaksOffTheBuild(t *testing.T) {
	brokenOff := make(chan error, 1)
	builder := func(ctx context.Context, _ tketest.Cache) error {
		<-ctx.Done()
		brokenOff <- ctx.Err()
		return ctx.Err()
	}
	inBubble(t, tketest.Options{Builder: builder}, func(t *testing.T, s *tketest.Server, c *client) {
		kept := s.Put(tketest.Cache{}).ID
		id := c.create(t, nil)
		steps(2)
		c.refused(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{id, "imc-gone"}}, "ResourceNotFound")
		wantStatus(t, s, id, tketest.StatusPending)
		c.ok(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{id}})
		if err := <-brokenOff; !errors.Is(err, context.Canceled) {
			t.Errorf("the builder's context ended with %v", err)
		}
		if left := s.Caches(); len(left) != 1 || left[0].ID != kept {
			t.Errorf("left: %+v", left)
		}
		c.refused(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{}}, "InvalidParameterValue")
	})
}

// The bubble would not end if a build, or a request that waits, outlived Close.
func TestCloseEndsEverything(t *testing.T) {
	builder := func(ctx context.Context, _ tketest.Cache) error {
		<-ctx.Done()
		return ctx.Err()
	}
	inBubble(t, tketest.Options{Builder: builder}, func(t *testing.T, s *tketest.Server, c *client) {
		c.create(t, nil)
		steps(2) // the builder waits
		c.create(t, nil)
		s.Inject(tketest.Fault{Effect: tketest.Delay{For: 24 * time.Hour}})
		failed := make(chan error, 1)
		go func() {
			_, err := c.send(tketest.ActionDescribe, fields{})
			failed <- err
		}()
		synctest.Wait()
		began := time.Now()
		s.Close()
		if waited := time.Since(began); waited != 0 {
			t.Errorf("Close took %v", waited)
		}
		if err := <-failed; err == nil {
			t.Error("the request was answered by a closed server")
		}
	})
}

func TestCloseWaitsForBuilders(t *testing.T) {
	ended := false
	builder := func(ctx context.Context, _ tketest.Cache) error {
		<-ctx.Done()
		time.Sleep(time.Second)
		ended = true
		return ctx.Err()
	}
	inBubble(t, tketest.Options{Builder: builder}, func(t *testing.T, s *tketest.Server, c *client) {
		c.create(t, nil)
		steps(2)
		s.Close()
		if !ended {
			t.Error("a builder outlived Close")
		}
	})
}

func TestExpiry(t *testing.T) {
	inBubble(t, tketest.Options{}, func(t *testing.T, s *tketest.Server, c *client) {
		id := c.create(t, fields{"RetentionDays": 1})
		forever := c.create(t, nil)
		steps(24*60 - 1)
		wantStatus(t, s, id, tketest.StatusReady)
		_, expires := parseTime(t, text(t, c.list(t, fields{"ImageCacheIds": []string{id}})[0], "ExpireDateTime"))
		if left := time.Until(expires); left != time.Minute {
			t.Errorf("expires in %v, want 1m", left)
		}
		steps(1)
		if got := ids(c.list(t, fields{})); !slices.Equal(got, []string{forever}) {
			t.Errorf("left: %v, want %s", got, forever)
		}
		c.refused(t, tketest.ActionUpdate, fields{"ImageCacheId": id}, "ResourceNotFound")
	})
}
