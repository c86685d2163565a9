package tketest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerr "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// start returns a server whose builds pull nothing, and a client of the SDK's for it, which signs
// on its own.
func start(t *testing.T, opts tketest.Options) (*tketest.Server, *client) {
	t.Helper()
	if opts.Builder == nil {
		opts.Builder = tketest.InstantBuilder
	}
	s := tketest.Start(t, opts)
	return s, newClient(s)
}

// client is the SDK's common client, which knows nothing of the actions.
type client struct{ sdk *common.Client }

func newClient(s *tketest.Server) *client {
	return newClientFor(
		s, common.NewCredential(tketest.DefaultSecretID, tketest.DefaultSecretKey), tketest.DefaultRegion,
	)
}

func newClientFor(s *tketest.Server, credential *common.Credential, region string) *client {
	p := profile.NewClientProfile()
	p.HttpProfile.Scheme = "HTTP"
	p.HttpProfile.Endpoint = strings.TrimPrefix(s.URL, "http://")
	p.DisableRegionBreaker = true
	p.Language = "en-US"
	sdk := common.NewCommonClient(credential, region, p)
	if s.URL == "" {
		p.HttpProfile.Endpoint = "tke.example.com"
		sdk.WithHttpTransport(s.Transport())
	} else {
		sdk.WithHttpTransport(&http.Transport{DisableKeepAlives: true})
	}
	return &client{sdk}
}

// fields of a request or an answer.
type fields = map[string]any

// send returns what is inside Response, or the error.
func (c *client) send(action string, request any) (fields, error) {
	in := tchttp.NewCommonRequest("tke", "2018-05-25", action)
	raw, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if err := in.SetActionParameters(raw); err != nil {
		return nil, err
	}
	out := tchttp.NewCommonResponse()
	if err := c.sdk.Send(in, out); err != nil {
		return nil, err
	}
	var answer struct{ Response fields }
	err = json.Unmarshal(out.GetBody(), &answer)
	return answer.Response, err
}

// ok sends what has to succeed.
func (c *client) ok(t *testing.T, action string, request any) fields {
	t.Helper()
	answer, err := c.send(action, request)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return answer
}

// refused sends what has to be answered with an error of that code, and returns its message.
func (c *client) refused(t *testing.T, action string, request any, code string) string {
	t.Helper()
	_, err := c.send(action, request)
	if codeOf(err) != code {
		t.Fatalf("%s %v: got %v, want %s", action, request, err, code)
	}
	typed, _ := errors.AsType[*tcerr.TencentCloudSDKError](err)
	return typed.Message
}

func codeOf(err error) string {
	if typed, ok := errors.AsType[*tcerr.TencentCloudSDKError](err); ok {
		return typed.Code
	}
	return ""
}

// create makes a cache of invented images, with more fields if there are any, and returns its id.
func (c *client) create(t *testing.T, more fields) string {
	t.Helper()
	return text(t, c.ok(t, tketest.ActionCreate, with(minimal(), more)), "ImageCacheId")
}

// list returns the caches of an answer to DescribeImageCaches.
func (c *client) list(t *testing.T, request fields) []fields {
	t.Helper()
	var caches []fields
	for _, cache := range c.ok(t, tketest.ActionDescribe, request)["ImageCaches"].([]any) {
		caches = append(caches, cache.(fields))
	}
	return caches
}

func minimal() fields {
	return fields{"Images": []string{"app:1"}, "VpcId": "vpc-508ctkfb", "SubnetId": "subnet-8ah75lo8"}
}

func with(base, more fields) fields {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

func without(base fields, name string) fields {
	out := maps.Clone(base)
	delete(out, name)
	return out
}

func text(t *testing.T, from fields, name string) string {
	t.Helper()
	value, ok := from[name].(string)
	if !ok {
		t.Fatalf("%s is %#v, want a string", name, from[name])
	}
	return value
}

// await looks until a cache has a status.
func await(t *testing.T, s *tketest.Server, id string, want tketest.Status) tketest.Cache {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		cache, _ := s.Cache(id)
		if cache.Status == want {
			return cache
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is %q, want %q; events: %+v", id, cache.Status, want, cache.Events)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// rawRequest is a request that is signed by hand, so that every part of it can be wrong.
type rawRequest struct {
	method, path, body  string
	secretID, secretKey string
	at                  time.Time
	service             string
	dateOff             int               // days by which the scope's date is wrong
	header              map[string]string // added after signing; an empty value takes a header away
}

func newRaw(body string) rawRequest {
	return rawRequest{
		method: "POST", path: "/", body: body, service: "tke", at: time.Now(),
		secretID: tketest.DefaultSecretID, secretKey: tketest.DefaultSecretKey,
	}
}

func (r rawRequest) authorization(host string) string {
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	date := r.at.AddDate(0, 0, r.dateOff).UTC().Format("2006-01-02")
	scope := date + "/" + r.service + "/tc3_request"
	canonical := r.method + "\n" + r.path + "\n\ncontent-type:application/json\nhost:" + host +
		"\n\ncontent-type;host\n" + digest(r.body)
	toSign := "TC3-HMAC-SHA256\n" + strconv.FormatInt(r.at.Unix(), 10) + "\n" + scope + "\n" + digest(canonical)
	key := []byte("TC3" + r.secretKey)
	for _, part := range []string{date, r.service, "tc3_request", toSign} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	return "TC3-HMAC-SHA256 Credential=" + r.secretID + "/" + scope +
		", SignedHeaders=content-type;host, Signature=" + hex.EncodeToString(key)
}

// send returns the code of the error that it is answered, empty for success, and the message.
func (r rawRequest) send(t *testing.T, s *tketest.Server) (code, message string) {
	t.Helper()
	const host = "tke.tencentcloudapi.com"
	req, err := http.NewRequestWithContext(t.Context(), r.method, "http://"+host+r.path, bytes.NewBufferString(r.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Authorization": r.authorization(host), "Content-Type": "application/json",
		"X-TC-Action": tketest.ActionDescribe, "X-TC-Version": "2018-05-25", "X-TC-Region": tketest.DefaultRegion,
		"X-TC-Timestamp": strconv.FormatInt(r.at.Unix(), 10), "X-TC-Language": "en-US",
	} {
		req.Header.Set(name, value)
	}
	for name, value := range r.header {
		if req.Header.Set(name, value); value == "" {
			req.Header.Del(name)
		}
	}
	resp, err := s.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("HTTP status %d, want 200 for errors too", resp.StatusCode)
	}
	var answer struct {
		Response struct {
			Error     struct{ Code, Message string }
			RequestID string `json:"RequestId"`
		}
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Response.RequestID == "" {
		t.Fatalf("%s: %v", raw, err)
	}
	return answer.Response.Error.Code, answer.Response.Error.Message
}

// parseTime reads the forms of times as the API page documents them, independently of the server's
// code.
func parseTime(t *testing.T, value string) (form int, at time.Time) {
	t.Helper()
	if millis, err := strconv.ParseInt(value, 10, 64); err == nil {
		return 3, time.UnixMilli(millis)
	}
	plain, monotonic, found := strings.Cut(value, " m=")
	if _, err := strconv.ParseFloat(monotonic, 64); found && err != nil {
		t.Errorf("monotonic suffix of %q", value)
	}
	for form, layout := range []string{
		"2006-01-02 15:04:05", "2006-01-02 15:04:05 +0000 UTC", "2006-01-02T15:04:05Z07:00", "",
		"2006-01-02 15:04:05 -0700 CST",
	} {
		if at, err := time.Parse(layout, plain); err == nil && found == (form == 4) {
			return form, at
		}
	}
	t.Fatalf("time %q has an unknown form", value)
	return 0, time.Time{}
}
