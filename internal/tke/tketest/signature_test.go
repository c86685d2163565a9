package tketest_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// The signature was computed apart from this package, with another program.
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	moment := time.Unix(1774854215, 0)
	s := tketest.NewUnstarted(tketest.Options{Clock: func() time.Time { return moment }})
	defer s.Close()
	request := newRaw(`{"Limit":10}`)
	request.at = moment
	const authorization = "TC3-HMAC-SHA256 Credential=" + tketest.DefaultSecretID + "/2026-03-30/tke/tc3_request, " +
		"SignedHeaders=content-type;host, Signature=a81c61120054075b56d288bb3ca80a86a023ba9a744059a52c558fb30207c775"
	request.header = map[string]string{"Authorization": authorization}
	if code, message := request.send(t, s); code != "" {
		t.Errorf("%s: %s", code, message)
	}
	request.header["Authorization"] = strings.Replace(authorization, "a81c", "a81d", 1)
	if code, _ := request.send(t, s); code != "AuthFailure.SignatureFailure" {
		t.Errorf("a wrong digit: got %q", code)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	s, _ := start(t, tketest.Options{Credentials: []tketest.Credential{
		{SecretID: "AKIDlong", SecretKey: "long"}, {SecretID: "AKIDshort", SecretKey: "short", Token: "session"},
	}})
	for _, test := range []struct {
		name       string
		credential *common.Credential
		want       string
	}{
		{"long-term", common.NewCredential("AKIDlong", "long"), ""},
		{"temporary", common.NewTokenCredential("AKIDshort", "short", "session"), ""},
		{"wrong key", common.NewCredential("AKIDlong", "short"), "AuthFailure.SignatureFailure"},
		{"unknown id", common.NewCredential("AKIDother", "long"), "AuthFailure.SecretIdNotFound"},
		{"no token", common.NewCredential("AKIDshort", "short"), "AuthFailure.TokenFailure"},
		{"wrong token", common.NewTokenCredential("AKIDshort", "short", "other"), "AuthFailure.TokenFailure"},
		{"token of no session", common.NewTokenCredential("AKIDlong", "long", "other"), "AuthFailure.TokenFailure"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := newClientFor(s, test.credential, tketest.DefaultRegion).send(tketest.ActionDescribe, fields{})
			if got := codeOf(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := tketest.NewUnstarted(tketest.Options{
		Clock:          func() time.Time { return now.AddDate(0, 0, -3) },
		SignatureClock: func() time.Time { return now },
	})
	defer s.Close()
	for skew, want := range map[time.Duration]string{
		0: "", 4*time.Minute + 58*time.Second: "", -4*time.Minute - 58*time.Second: "",
		5*time.Minute + 2*time.Second:  "AuthFailure.SignatureExpire",
		-5*time.Minute - 2*time.Second: "AuthFailure.SignatureExpire",
	} {
		request := newRaw("{}")
		request.at = now.Add(skew)
		if code, message := request.send(t, s); code != want {
			t.Errorf("%v: got %q (%s), want %q", skew, code, message, want)
		}
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	s := tketest.NewUnstarted(tketest.Options{RequestsPerSecond: -1})
	defer s.Close()
	header := func(name, value string) func(*rawRequest) {
		return func(r *rawRequest) { r.header = map[string]string{name: value} }
	}
	for _, test := range []struct {
		name   string
		change func(*rawRequest)
		want   string
	}{
		{"as it is", func(*rawRequest) {}, ""},
		{
			"with a character set", header("Content-Type", "application/json; charset=utf-8"),
			"AuthFailure.SignatureFailure",
		},
		{"no action", header("X-TC-Action", ""), "MissingParameter"},
		{"unknown action", header("X-TC-Action", "DescribeImageCache"), "InvalidAction"},
		{"no version", header("X-TC-Version", ""), "MissingParameter"},
		{"unknown version", header("X-TC-Version", "2022-05-01"), "NoSuchVersion"},
		{"no region", header("X-TC-Region", ""), "MissingParameter"},
		{"unknown region", header("X-TC-Region", "ap-nowhere"), "UnsupportedRegion"},
		{"no timestamp", header("X-TC-Timestamp", ""), "MissingParameter"},
		{"no number", header("X-TC-Timestamp", "now"), "InvalidParameter"},
		{"another timestamp", header("X-TC-Timestamp", "1774854215"), "AuthFailure.SignatureExpire"},
		{"no authorization", header("Authorization", ""), "MissingParameter"},
		{"not signed", header("Authorization", "SKIP"), "AuthFailure.InvalidAuthorization"},
		{
			"another algorithm", header("Authorization", "TC3-HMAC-SHA512 Credential=a/b"),
			"AuthFailure.InvalidAuthorization",
		},
		{"host not signed", header("Authorization", "TC3-HMAC-SHA256 Credential=AKIDa/2026-03-30/tke/tc3_request, "+
			"SignedHeaders=content-type, Signature=ab"), "AuthFailure.InvalidAuthorization"},
		{"another day", func(r *rawRequest) { r.dateOff = 1 }, "AuthFailure.SignatureFailure"},
		{"another service", func(r *rawRequest) { r.service = "cvm" }, "AuthFailure.InvalidAuthorization"},
		{"form", header("Content-Type", "application/x-www-form-urlencoded"), "InvalidParameter"},
		{"GET", func(r *rawRequest) { r.method = "GET" }, "UnsupportedProtocol"},
		{"another path", func(r *rawRequest) { r.path = "/v1" }, "UnsupportedProtocol"},
		{"not JSON", func(r *rawRequest) { r.body = `{"Limit":` }, "InvalidParameter"},
		{"nothing", func(r *rawRequest) { r.body = "" }, "InvalidParameter"},
		{"null", func(r *rawRequest) { r.body = "null" }, "InvalidParameter"},
		{"a list", func(r *rawRequest) { r.body = "[]" }, "InvalidParameter"},
		{"two objects", func(r *rawRequest) { r.body = "{}{}" }, "InvalidParameter"},
		{"too large", func(r *rawRequest) { r.body = strings.Repeat(" ", 10<<20) + "{}" }, "RequestSizeLimitExceeded"},
	} {
		request := newRaw("{}")
		test.change(&request)
		if code, message := request.send(t, s); code != test.want {
			t.Errorf("%s: got %q (%s), want %q", test.name, code, message, test.want)
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	s := tketest.NewUnstarted(tketest.Options{})
	defer s.Close()
	request := newRaw(`{"Limits":1}`)
	if _, message := request.send(t, s); message != "The parameter `Limits` is not recognized." {
		t.Errorf("in English: %s", message)
	}
	for _, language := range []string{"zh-CN", ""} {
		request.header = map[string]string{"X-TC-Language": language}
		if _, message := request.send(t, s); message != "未知参数错误，参数 `Limits` 无法识别。" {
			t.Errorf("in %q: %s", language, message)
		}
	}
}

func TestRequestIDsAreUUIDs(t *testing.T) {
	t.Parallel()
	_, c := start(t, tketest.Options{})
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 5 {
		id := text(t, c.ok(t, tketest.ActionDescribe, fields{}), "RequestId")
		if !uuid.MatchString(id) || seen[id] {
			t.Errorf("request id %q", id)
		}
		seen[id] = true
	}
}
