package tketest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func TestPutModifyFailDelete(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{})
	auto := s.Put(tketest.Cache{Type: tketest.TypeAuto, Images: []string{"a"}})
	if listed := c.list(t, fields{})[0]; listed["ImageCacheType"] != "auto" || listed["ImageCacheName"] != "" ||
		listed["Status"] != "Ready" {
		t.Errorf("an automatic cache: %v", listed)
	}
	stuck := s.Put(tketest.Cache{Status: tketest.StatusPending}).ID
	if cache, _ := s.Cache(stuck); cache.SnapshotID != "" {
		t.Errorf("a Pending cache has snapshot %s", cache.SnapshotID)
	}
	s.Fail(stuck, tketest.Event{Message: "the disk was deleted"})
	cache, _ := s.Cache(stuck)
	if cache.Status != "Failed" || cache.Events[0].Type != "Warning" || cache.Events[0].First.IsZero() {
		t.Errorf("failed: %+v", cache)
	}
	s.Modify(stuck, func(c *tketest.Cache) {
		c.Status, c.Tags = tketest.StatusUpdating, []tketest.Tag{{Key: "k", Value: "v"}}
	})
	s.Fail(stuck, tketest.Event{})
	if cache, _ := s.Cache(stuck); cache.Status != "UpdateFailed" || len(cache.Tags) != 1 {
		t.Errorf("update failed: %+v", cache)
	}
	if !s.Delete(auto.ID) || !s.Delete(stuck) || s.Delete(stuck) || s.Modify(stuck, nil) || len(s.Caches()) != 0 {
		t.Errorf("left: %+v", s.Caches())
	}
}

// What a test holds of a cache is its own.
func TestCachesAreCopies(t *testing.T) {
	t.Parallel()
	s, _ := start(t, tketest.Options{})
	mine := tketest.Cache{
		ID:           "imc-1",
		Images:       []string{"a"},
		EipAttribute: &tketest.EipAttribute{DeletePolicy: "Never"},
	}
	s.Put(mine)
	mine.Images[0] = "changed"
	got, _ := s.Cache("imc-1")
	got.Images[0], got.EipAttribute.DeletePolicy = "changed", "changed"
	if kept := s.Caches()[0]; kept.Images[0] != "a" || kept.EipAttribute.DeletePolicy != "Never" {
		t.Errorf("kept: %+v", kept)
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{UIN: "100001"})
	id := s.Put(tketest.Cache{}).ID
	s.Deny(tketest.ActionCreate, tketest.ActionUpdate, tketest.ActionDelete)
	for action, test := range map[string]struct {
		request  fields
		resource string
	}{
		tketest.ActionCreate: {minimal(), "*"},
		tketest.ActionUpdate: {fields{"ImageCacheId": id}, id},
		tketest.ActionDelete: {fields{"ImageCacheIds": []string{id, "imc-other"}}, id},
	} {
		message := c.refused(t, action, test.request, "UnauthorizedOperation.CamNoAuth")
		resource := "(qcs::tke:ap-guangzhou:uin/100001:imagecache/" + test.resource + ")"
		if !strings.Contains(message, "(tke:"+action+")") || !strings.Contains(message, resource) {
			t.Errorf("%s: %q does not name %s", action, message, resource)
		}
	}
	c.ok(t, tketest.ActionDescribe, fields{})
	s.Allow(tketest.ActionDelete)
	c.ok(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{id}})
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	s, _ := start(t, tketest.Options{
		Credentials: []tketest.Credential{{SecretID: "AKIDa", SecretKey: "the-key", Token: "the-token"}},
	})
	c := newClientFor(s, common.NewTokenCredential("AKIDa", "the-key", "the-token"), "ap-hongkong")
	c.ok(t, tketest.ActionDescribe, fields{"Limit": 5, "ImageCacheNames": []string{"a"}})
	c.refused(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{"imc-gone"}}, "ResourceNotFound")

	requests := s.Requests()
	if len(requests) != 2 || s.Calls(tketest.ActionDescribe) != 1 || s.Calls(tketest.ActionCreate) != 0 ||
		s.Acted(tketest.ActionDelete) != 0 {
		t.Fatalf("recorded %v", requests)
	}
	first, second := requests[0], requests[1]
	if first.Region != "ap-hongkong" || first.SecretID != "AKIDa" || first.Version != "2018-05-25" ||
		first.Language != "en-US" || first.Status != 200 || first.Code != "" || !first.Acted ||
		first.Body["Limit"] != 5.0 || first.ID == second.ID {
		t.Errorf("first: %+v", first)
	}
	if second.Code != "ResourceNotFound" || second.Acted ||
		second.String() != "DeleteImageCaches, ResourceNotFound, without effect" {
		t.Errorf("second: %+v, %s", second, second)
	}
	var body struct{ ImageCacheNames []string }
	if err := first.Decode(&body); err != nil || body.ImageCacheNames[0] != "a" {
		t.Errorf("decoded %+v: %v", body, err)
	}
	raw, err := json.Marshal(requests)
	if err != nil || strings.Contains(string(raw), "Signature=") || strings.Contains(string(raw), "the-token") {
		t.Errorf("a signature or a token was recorded: %s, %v", raw, err)
	}
	if s.ResetRequests(); len(s.Requests()) != 0 || s.Calls(tketest.ActionDescribe) != 0 {
		t.Error("requests after the reset")
	}
}
