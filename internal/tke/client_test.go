package tke_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func start(t *testing.T, options tketest.Options) *tketest.Server {
	t.Helper()
	if options.Builder == nil {
		options.Builder = tketest.InstantBuilder
	}
	if options.RequestsPerSecond == 0 {
		options.RequestsPerSecond = -1
	}
	return tketest.Start(t, options)
}

func config(endpoint string) tke.Config {
	return tke.Config{PollInterval: 5 * time.Millisecond, Config: cloudapi.Config{
		Credentials: cloudapi.Credential{
			SecretID:  tketest.DefaultSecretID,
			SecretKey: tketest.DefaultSecretKey,
		},
		Region:               tketest.DefaultRegion,
		Endpoint:             endpoint,
		MaxRequestsPerSecond: 10_000,
		RetryWait:            time.Millisecond,
		UserAgent:            "terraform-provider-tkeimage/test",
	}}
}

func dial(t *testing.T, config tke.Config) *tke.Client {
	t.Helper()
	client, err := tke.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func nginx(name string) tke.CreateRequest {
	return tke.CreateRequest{
		Name:     name,
		Images:   []string{"nginx:1.29"},
		VpcID:    "vpc-508ctkfb",
		SubnetID: "subnet-8ah75lo8",
		SizeGiB:  20,
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestLifeOfACache(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	ctx := within(t, time.Minute)

	request := nginx("first")
	request.SecurityGroupIDs, request.Tags, request.RetentionDays = []string{
		"sg-1a2b3c4d",
	}, []tke.Tag{
		{Key: "team", Value: "ml"},
	}, 30
	id, err := client.Create(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := client.WaitReady(ctx, id)
	if err != nil || cache.Status != tke.StatusReady || cache.Name != "first" || cache.SizeGiB != 20 ||
		len(cache.Tags) != 1 {
		t.Fatalf("got %+v, %v", cache, err)
	}
	if at, expires := cache.ExpiresAt(); !expires || at.Sub(cache.Created.Time).Round(24*time.Hour) != 30*24*time.Hour {
		t.Errorf("expires %v at %v", expires, at)
	}
	grown := int64(50)
	if err := client.Update(ctx, tke.UpdateRequest{ID: id, SizeGiB: &grown}); err != nil {
		t.Fatal(err)
	}
	cache, err = client.WaitUpdated(ctx, id, func(c *tke.ImageCache) bool { return c.SizeGiB == 50 })
	if err != nil || cache.SizeGiB != 50 {
		t.Fatalf("got %+v, %v", cache, err)
	}
	match, err := client.Match(ctx, []string{"nginx:1.29"}, "")
	if err != nil || match == nil || match.ID != id {
		t.Errorf("matched %v, %v", match, err)
	}
	for range 2 { // to delete what is gone is not an error
		if err := client.Delete(ctx, id, "first"); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.WaitDeleted(ctx, id); err != nil {
		t.Error(err)
	}
}

func TestReadsOfManyCachesShareCalls(t *testing.T) {
	t.Parallel()
	for name, unconfirmed := range map[string]tketest.Unconfirmed{
		"unknown ids are left out": {}, "unknown ids are refused": {UnknownIDNotFound: true},
		"unknown ids are an internal error": {UnknownIDNotFound: true, NotFoundCode: "InternalError.DbRecordNotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tketest.Options{Unconfirmed: unconfirmed})
			client := dial(t, config(server.URL))
			var ids []string
			for range 120 {
				ids = append(ids, server.Put(tketest.Cache{Images: []string{"nginx"}}).ID)
			}
			ids = append(ids, "imc-gonegone")
			var all sync.WaitGroup
			for _, id := range ids {
				all.Go(func() {
					cache, err := client.Get(t.Context(), id)
					if err != nil || (cache == nil) != (id == "imc-gonegone") || cache != nil && cache.ID != id {
						t.Errorf("%s: got %v, %v", id, cache, err)
					}
				})
			}
			all.Wait()
			most := 3
			if unconfirmed.UnknownIDNotFound {
				most += 2 * 6 // the batch of the lost one is halved until it is alone
			}
			if calls := server.Calls(tke.ActionDescribe); calls > most {
				t.Errorf("%d calls for %d reads, want at most %d", calls, len(ids), most)
			}
		})
	}
}

func TestAReadAfterAWriteNeverSeesThePast(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	id := server.Put(tketest.Cache{Images: []string{"nginx"}}).ID
	for i := range 20 {
		size := int64(100 + i)
		server.Modify(id, func(c *tketest.Cache) { c.SizeGiB = size })
		cache, err := client.Get(t.Context(), id)
		if err != nil || cache.SizeGiB != size {
			t.Fatalf("got %+v, %v, want size %d", cache, err, size)
		}
	}
}

func TestOneReaderGivingUpDoesNotEndTheOthers(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	id := server.Put(tketest.Cache{Images: []string{"nginx"}}).ID
	server.Inject(tketest.Fault{Effect: tketest.Delay{For: 200 * time.Millisecond}})
	impatient, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := client.Get(impatient, id)
		gone <- err
	}()
	patient := make(chan error, 1)
	go func() {
		_, err := client.Get(t.Context(), id)
		patient <- err
	}()
	time.Sleep(50 * time.Millisecond)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the impatient one got %v", err)
	}
	if err := <-patient; err != nil {
		t.Errorf("the patient one got %v", err)
	}
	if calls := server.Calls(tke.ActionDescribe); calls != 1 {
		t.Errorf("%d calls, want one shared", calls)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	for range 101 {
		server.Put(tketest.Cache{Images: []string{"nginx"}})
	}
	caches, err := client.List(t.Context(), tke.Filter{})
	if err != nil || len(caches) != 101 {
		t.Errorf("%d caches, %v", len(caches), err)
	}
	if calls := server.Calls(tke.ActionDescribe); calls != 3 {
		t.Errorf("%d calls, want 3 pages of 50", calls)
	}
}

func TestErrorsSayWhatTheServiceSaid(t *testing.T) {
	t.Parallel()
	wrongKey := config("")
	wrongKey.Credentials = cloudapi.Credential{SecretID: tketest.DefaultSecretID, SecretKey: "CANARY-wrong"}
	tests := map[string]struct {
		config tke.Config
		deny   string
		code   string
	}{
		"wrong secret key": {config: wrongKey, code: "AuthFailure.SignatureFailure"},
		"missing action":   {config: config(""), deny: tke.ActionDescribe, code: "UnauthorizedOperation.CamNoAuth"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tketest.Options{})
			server.Deny(test.deny)
			test.config.Endpoint = server.URL
			_, err := dial(t, test.config).Get(t.Context(), "imc-12345678")
			var e *cloudapi.Error
			if !errors.As(err, &e) || e.Kind != cloudapi.KindService || e.Code != test.code || e.RequestID == "" ||
				e.Message == "" {
				t.Fatalf("got %#v", err)
			}
			if requests := server.Requests(); e.RequestID != requests[len(requests)-1].ID {
				t.Errorf("request id %s, want that of the answer", e.RequestID)
			}
			if strings.Contains(err.Error(), "CANARY") {
				t.Errorf("the error tells the key: %v", err)
			}
			if server.Calls(tke.ActionDescribe) != 1 {
				t.Error("an error that will stay was tried again")
			}
		})
	}
}

func TestClockSkewIsMeasured(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{SignatureClock: func() time.Time { return time.Now().Add(-time.Hour) }})
	late := roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			response.Header.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		}
		return response, err
	})
	c := config(server.URL)
	c.Transport = late
	_, err := dial(t, c).Get(t.Context(), "imc-12345678")
	var e *cloudapi.Error
	if !errors.As(err, &e) || e.Code != "AuthFailure.SignatureExpire" {
		t.Fatalf("got %v", err)
	}
	if off := (e.Skew - time.Hour).Abs(); off > 5*time.Second {
		t.Errorf("skew %s, want about an hour", e.Skew)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	reached := false
	elsewhere := httptestServer(t, func(http.ResponseWriter, *http.Request) { reached = true })
	front := httptestServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	})
	_, err := dial(t, config(front)).Get(t.Context(), "imc-12345678")
	var e *cloudapi.Error
	if !errors.As(err, &e) || e.Kind != cloudapi.KindStatus || e.Status != http.StatusTemporaryRedirect {
		t.Errorf("got %v", err)
	}
	if reached {
		t.Error("a signed request went to another host")
	}
}

func TestAnEndpointMustBeAURL(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"tke.tencentcloudapi.com", "ftp://x", "https://", "://"} {
		if _, err := tke.New(tke.Config{Config: cloudapi.Config{Endpoint: endpoint}}); err == nil {
			t.Errorf("%q was taken", endpoint)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func httptestServer(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}
