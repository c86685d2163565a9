package tketest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// The published examples: each request is accepted, and what answers it has the shape of the
// published answer.
func TestPublishedExamples(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/tke-image-cache-examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var published struct {
		Actions map[string][]struct {
			Title    string
			Request  fields
			Response struct{ Response fields }
		}
	}
	if err := json.Unmarshal(raw, &published); err != nil {
		t.Fatal(err)
	}
	if len(published.Actions) != 5 {
		t.Fatalf("%d actions, want 5", len(published.Actions))
	}
	for action, examples := range published.Actions {
		for i, example := range examples {
			t.Run(fmt.Sprint(action, i), func(t *testing.T) {
				t.Parallel()
				older := action == tketest.ActionDescribe // that example lacks the newer fields
				s, c := start(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{OmitNewerFields: older}})
				event := tketest.Event{Type: "Normal", Reason: "DiskCreated", Message: "Disk disk-xxx created"}
				s.Put(tketest.Cache{ID: "imc-xxx", Images: []string{"nginx"}, Events: []tketest.Event{event}})
				switch found, asked := example.Response.Response["Found"].(bool); {
				case found:
					s.Put(tketest.Cache{Images: []string{"redis:8.6.1-trixie"}, Events: []tketest.Event{event}})
				case asked:
					s.Delete("imc-xxx")
				}
				answer := c.ok(t, action, example.Request)
				if diff := cmp.Diff(shape(example.Response.Response), shape(answer)); diff != "" {
					t.Errorf("shape of the answer (-published +ours):\n%s", diff)
				}
			})
		}
	}
}

// shape is the names and JSON types of a value, with one item for a list; what an empty list would
// hold is not known.
func shape(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			out[name] = shape(value[name])
		}
		return out
	case []any:
		if len(value) == 0 {
			return "empty list"
		}
		return []any{shape(value[0])}
	default:
		return fmt.Sprintf("%T", value)
	}
}

// What the service hides is in no answer, in whatever form.
func TestHiddenFieldsAreNeverReturned(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{})
	id := c.create(t, fields{
		"SecurityGroupIds": []string{"sg-hidden"},
		"AutoCreateEip":    true,
		"AutoCreateEipAttribute": fields{
			"DeletePolicy": "Never", "InternetServiceProvider": "CMCC", "InternetMaxBandwidthOut": 7,
		},
		"RegistrySkipVerifyList":   []string{"skip.example.com"},
		"RegistryHttpEndPointList": []string{"plain.example.com"},
		"ResolveConfig":            "nameserver 10.1.2.3",
	})
	await(t, s, id, tketest.StatusReady)
	want := []string{
		"CreationTime", "Events", "ExpireDateTime", "ImageCacheId", "ImageCacheName", "ImageCacheSize",
		"ImageCacheType", "ImageRegistryCredentials", "Images", "LastMatchedTime", "RetentionDays", "SnapshotId",
		"Snapshotter", "Status", "Tags",
	}
	listed := c.list(t, fields{})[0]
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(listed))); diff != "" {
		t.Error(diff)
	}
	kept, _ := s.Cache(id)
	hidden := tketest.Cache{
		VpcID: "vpc-508ctkfb", SubnetID: "subnet-8ah75lo8", SecurityGroupIDs: []string{"sg-hidden"},
		AutoCreateEip: true, EipAttribute: &tketest.EipAttribute{
			DeletePolicy: "Never", InternetServiceProvider: "CMCC", InternetMaxBandwidthOut: 7,
		},
		SkipVerifyList: []string{"skip.example.com"}, HTTPEndPointList: []string{"plain.example.com"},
		ResolveConfig: "nameserver 10.1.2.3",
	}
	got := tketest.Cache{
		VpcID: kept.VpcID, SubnetID: kept.SubnetID, SecurityGroupIDs: kept.SecurityGroupIDs,
		AutoCreateEip: kept.AutoCreateEip, EipAttribute: kept.EipAttribute,
		SkipVerifyList: kept.SkipVerifyList, HTTPEndPointList: kept.HTTPEndPointList,
		ResolveConfig: kept.ResolveConfig,
	}
	if diff := cmp.Diff(hidden, got); diff != "" {
		t.Errorf("what the server keeps and hides (-want +got):\n%s", diff)
	}
}
