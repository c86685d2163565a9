package tke_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestTheClientDependsOnNoLaxity runs one cache's life, with every value that comes near what the
// service may or may not accept, against both sides of each such point: the same requests, the same
// caches.
func TestTheClientDependsOnNoLaxity(t *testing.T) {
	t.Parallel()
	want := liveThrough(t, tketest.Unconfirmed{})
	for name, lax := range map[string]tketest.Unconfirmed{
		"empty lists of ids select nothing": {EmptyIDsSelectNothing: true},
		"another code for long pages":       {LimitIsParameter: true},
		"empty names":                       {AcceptEmptyName: true},
		"empty lists of images":             {AcceptEmptyImages: true},
		"tags without a value":              {AcceptTagWithoutValue: true},
		"credentials without a server":      {AcceptCredentialWithoutServer: true},
	} {
		if diff := cmp.Diff(want, liveThrough(t, lax)); diff != "" {
			t.Errorf("%s: what was sent and read differs (-strict +lax):\n%s", name, diff)
		}
	}
}

// liveThrough returns what a client sent, and the caches that it read, as JSON without what differs
// from run to run.
func liveThrough(t *testing.T, lax tketest.Unconfirmed) (seen []string) {
	t.Helper()
	server := start(t, tketest.Options{Unconfirmed: lax})
	client := dial(t, config(server.URL))
	id, err := client.Create(t.Context(), tke.CreateRequest{
		Images: []string{"nginx:1.27"}, VpcID: "vpc-1", SubnetID: "subnet-1", Name: "lax", SecurityGroupIDs: []string{},
		Credentials: []tke.RegistryCredential{{Server: "registry.example.com"}}, Tags: []tke.Tag{{Key: "empty"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.WaitReady(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	err = client.Update(t.Context(), tke.UpdateRequest{
		ID: id, Images: []string{}, Credentials: &[]tke.RegistryCredential{}, SecurityGroupIDs: &[]string{},
		Tags: &[]tke.Tag{{Key: "other"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, filter := range []tke.Filter{{}, {IDs: []string{}}, {Names: []string{}}, {IDs: []string{id}}} {
		caches, err := client.List(t.Context(), filter)
		if err != nil || len(caches) != 1 {
			t.Fatalf("%+v: %v, %v", filter, caches, err)
		}
		seen = append(seen, caches[0].Name, caches[0].Tags[0].Key+"="+caches[0].Tags[0].Value)
	}
	if err := client.Delete(t.Context(), id, "lax"); err != nil {
		t.Fatal(err)
	}
	for _, request := range server.Requests() {
		body, err := json.Marshal(request.Body)
		if err != nil {
			t.Fatal(err)
		}
		line := request.Action + " " + strings.ReplaceAll(string(body), id, "imc-this")
		if seen[len(seen)-1] != line { // a wait sends the same request often
			seen = append(seen, line)
		}
	}
	return seen
}
