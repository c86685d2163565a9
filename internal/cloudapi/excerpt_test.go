package cloudapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// TestNoAnswerIsQuoted: the answers of STS and TCR begin with a token. One that cannot be read, for
// whatever reason, must not end up in a diagnostic, nor may one that came with a status of its own.
func TestNoAnswerIsQuoted(t *testing.T) {
	t.Parallel()
	const (
		sts = `{"Response":{` +
			`"Credentials":{"Token":"CANARY-token","TmpSecretId":"CANARY-id","TmpSecretKey":"CANARY-key"},` +
			`"ExpiredTime":1700000000,"RequestId":"r"}}`
		tcr = `{"Response":{"Username":"100000000001","Token":"CANARY-token","ExpTime":1700000000,` +
			`"TokenId":null,"RequestId":"r"}}`
	)
	for name, body := range map[string]string{
		"half an answer of STS":               sts[:len(sts)/2],
		"half an answer of TCR":               tcr[:len(tcr)/2],
		"an answer of STS without an id":      strings.Replace(sts, `,"RequestId":"r"`, "", 1),
		"an answer of TCR without an id":      strings.Replace(tcr, `,"RequestId":"r"`, "", 1),
		"behind white space":                  "\r\n\t " + sts[:len(sts)/2],
		"behind a mark of the order of bytes": "\ufeff" + tcr[:len(tcr)/2],
		"in a list":                           "[" + sts + "]",
		"as a string":                         `"CANARY`,
		"behind words":                        "upstream said: " + tcr,
		"within a page":                       "<html><p>upstream said: " + sts,
		"cut at its beginning":                sts[len(`{"Response":`):],
	} {
		for _, status := range []int{http.StatusOK, http.StatusBadGateway} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				_, err := answered(t, status, body)
				if err == nil || strings.Contains(err.Error(), "CANARY") {
					t.Errorf("status %d: got %v", status, err)
				}
			})
		}
	}
}

func TestWhatIsNoJSONIsQuoted(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		"<html><style>p { color: red }</style><p>Log in to the\nguest network</p>": "it holds Log in to the " +
			"guest network",
		"":                               "it holds nothing",
		`{"Response":{}}`:                "it holds 15 bytes of JSON",
		"no: {}":                         "it holds no: …",
		strings.Repeat("word ", 1000):    "word …",
		"<b>" + strings.Repeat("é", 999): "é…",
	} {
		if _, err := answered(t, http.StatusOK, body); err == nil || !strings.HasSuffix(err.Error(), says) {
			t.Errorf("%.40q: got %v, want %q", body, err, says)
		}
	}
}

// answered makes a call that gets a body for its answer.
func answered(t *testing.T, status int, body string) (said, error) {
	t.Helper()
	client, err := cloudapi.New(cloudapi.Config{
		Service: "echo", Version: "2020-01-01", Region: "ap-guangzhou", RetryWait: time.Millisecond, Tries: 2,
		Endpoint: apitest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return call(t.Context(), client, cloudapi.Action{Name: "Unsigned", Unsigned: true, Repeatable: true})
}

// TestAnAnswerOfOtherTypesIsNotKept: the SDK's error repeats the whole answer, and must not be
// found below ours either.
func TestAnAnswerOfOtherTypesIsNotKept(t *testing.T) {
	t.Parallel()
	for name, interrupted := range map[string]bool{"at peace": false, "interrupted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			client, err := cloudapi.New(cloudapi.Config{
				Service: "echo", Version: "2020-01-01", Region: "ap-guangzhou",
				Transport: wire(func(r *http.Request) (*http.Response, error) {
					if interrupted {
						cancel()
					}
					body := io.NopCloser(strings.NewReader(`{"Response":{"Said":["CANARY"],"RequestId":"r"}}`))
					return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: r}, nil
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = call(ctx, client, cloudapi.Action{Name: "Unsigned", Unsigned: true})
			failed, ok := errors.AsType[*cloudapi.Error](err)
			if !ok || failed.Kind != cloudapi.KindMalformed || strings.Contains(fmt.Sprint(err, failed.Err), "CANARY") {
				t.Errorf("got %v, made from %v", err, failed.Err)
			}
		})
	}
}
