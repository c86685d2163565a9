package tke

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// example is one published example of an action: see the "source" in the file.
type example struct {
	Title    string
	Request  json.RawMessage
	Response json.RawMessage
}

func publishedExamples(t *testing.T) map[string][]example {
	t.Helper()
	content, err := os.ReadFile("tketest/testdata/tke-image-cache-examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Actions map[string][]example }
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Actions) != 5 {
		t.Fatalf("%d actions in the file, want 5", len(file.Actions))
	}
	return file.Actions
}

// answering is a transport that returns one answer and keeps what was sent.
type answering struct {
	response []byte
	sent     []byte
	header   http.Header
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	a.sent, err = io.ReadAll(r.Body)
	a.header = r.Header
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{},
		Body:       io.NopCloser(bytes.NewReader(a.response)),
		Request:    r,
	}, err
}

func (a *answering) client(t *testing.T) *Client {
	t.Helper()
	client, err := New(
		Config{
			Config: cloudapi.Config{
				Credentials: cloudapi.Credential{SecretID: "id", SecretKey: "key"},
				Region:      "ap-guangzhou",
				Transport:   a,
				UserAgent:   "agent/1",
			},
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestPublishedExamples makes the call of every published example: the request must be the
// published one, and the answer must be read. What each answer must come to is written down beside
// it.
func TestPublishedExamples(t *testing.T) {
	t.Parallel()
	calls := map[string][]func(*testing.T, *Client){
		ActionCreate: {func(t *testing.T, c *Client) {
			id, err := c.createOnce(
				context.Background(),
				CreateRequest{
					VpcID:    "vpc-508ctkfb",
					SubnetID: "subnet-8ah75lo8",
					Images:   []string{"nginx:latest"},
					SizeGiB:  50,
				},
			)
			if err != nil || id != "imc-xxx" {
				t.Errorf("got %q, %v", id, err)
			}
		}},
		ActionDelete: {func(t *testing.T, c *Client) {
			if err := c.Delete(context.Background(), "imc-xxx", ""); err != nil {
				t.Error(err)
			}
		}},
		ActionUpdate: {func(t *testing.T, c *Client) {
			name := "modified-imc-name"
			if err := c.Update(context.Background(), UpdateRequest{ID: "imc-xxx", Name: &name}); err != nil {
				t.Error(err)
			}
		}},
		ActionDescribe: {describesNginx},
		ActionMatch:    {matchesRedis, matchesNothing},
	}
	for action, examples := range publishedExamples(t) {
		for i, published := range examples {
			t.Run(action+" "+published.Title, func(t *testing.T) {
				t.Parallel()
				wire := &answering{response: published.Response}
				calls[action][i](t, wire.client(t))
				var want, got any
				if err := json.Unmarshal(published.Request, &want); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(wire.sent, &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("published and sent request differ:\n%s", diff)
				}
				for name, value := range map[string]string{
					"X-TC-Action": action, "X-TC-Version": "2018-05-25", "X-TC-Language": "en-US",
					"X-TC-Region":  "ap-guangzhou",
					"Content-Type": "application/json", "User-Agent": "agent/1",
				} {
					if wire.header.Get(name) != value {
						t.Errorf("%s: %q, want %q", name, wire.header.Get(name), value)
					}
				}
			})
		}
	}
}

func describesNginx(t *testing.T, c *Client) {
	caches, err := c.describeCaches(context.Background(), describeRequest{IDs: []string{"imc-xxx"}, Limit: 10})
	if err != nil || len(caches) != 1 {
		t.Fatalf("got %v, %v", caches, err)
	}
	cache := caches[0]
	if _, expires := cache.ExpiresAt(); expires || cache.Name != "imc-nginx" || cache.SizeGiB != 20 ||
		cache.Status != StatusReady ||
		cache.SnapshotID != "snap-xxx" ||
		cache.Created.IsZero() ||
		cache.RetentionDays != nil ||
		cache.Tags != nil ||
		len(cache.Events) != 3 {
		t.Errorf("got %+v", cache)
	}
}

func matchesRedis(t *testing.T, c *Client) {
	cache, err := c.Match(context.Background(), []string{"redis:8.6.1-trixie"}, "")
	if err != nil || cache == nil {
		t.Fatalf("got %v, %v", cache, err)
	}
	if _, expires := cache.ExpiresAt(); expires || cache.ID != "imc-r1htp8tg" || cache.Type != "manual" ||
		cache.Snapshotter != "overlay" ||
		cache.LastMatched.IsZero() ||
		cache.Tags == nil ||
		*cache.RetentionDays != 0 {
		t.Errorf("got %+v", cache)
	}
}

func matchesNothing(t *testing.T, c *Client) {
	cache, err := c.Match(context.Background(), []string{"nginx:latest"}, "")
	if err != nil || cache != nil {
		t.Errorf("got %v, %v", cache, err)
	}
}
