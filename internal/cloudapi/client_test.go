package cloudapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

var known = apitest.Credential{SecretID: "AKIDtest", SecretKey: "key", Token: "token"}

// echo is a service with one signed and one unsigned action, each of which answers what it was
// told.
func echo() *apitest.Service {
	run := func(c *apitest.Call) (any, *apitest.Refusal) { return map[string]string{"Said": c.Text("Say")}, nil }
	return &apitest.Service{
		Name: "echo", Version: "2020-01-01",
		Lookup: func(id string) (apitest.Credential, bool) { return known, id == known.SecretID },
		Actions: map[string]apitest.Action{
			"Signed":   {Strings: []string{"Say!"}, Run: run},
			"Unsigned": {Unsigned: true, Strings: []string{"Say!"}, Run: run},
		},
	}
}

// moving returns one credential after the other, or an error.
type moving struct {
	given []cloudapi.Credential
	err   error
}

func (m *moving) Retrieve(context.Context) (cloudapi.Credential, error) {
	if m.err != nil {
		return cloudapi.Credential{}, m.err
	}
	next := m.given[0]
	m.given = m.given[1:]
	return next, nil
}

type said struct{ Said string }

func dial(t *testing.T, service *apitest.Service, with cloudapi.Credentials) *cloudapi.Client {
	t.Helper()
	client, err := cloudapi.New(cloudapi.Config{
		Service:       "echo",
		Version:       "2020-01-01",
		Region:        "ap-guangzhou",
		Credentials:   with,
		Endpoint:      apitest.Start(t, service),
		RetryWait:     time.Millisecond,
		Tries:         3,
		UserAgent:     "agent/1",
		RequestClient: "pipeline-7",
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func call(ctx context.Context, c *cloudapi.Client, action cloudapi.Action) (said, error) {
	return cloudapi.Call[said](ctx, c, action, map[string]string{"Say": "hello"})
}

func TestEachCallIsSignedWithTheCredentialOfItsMoment(t *testing.T) {
	t.Parallel()
	service := echo()
	good := cloudapi.Credential{SecretID: known.SecretID, SecretKey: known.SecretKey, Token: known.Token}
	old := good
	old.Token = "expired"
	client := dial(t, service, &moving{given: []cloudapi.Credential{good, old, good}})
	for i, want := range []string{"", "AuthFailure.TokenFailure", ""} {
		got, err := call(t.Context(), client, cloudapi.Action{Name: "Signed"})
		failed, _ := errors.AsType[*cloudapi.Error](err)
		if want == "" && (err != nil || got.Said != "hello") ||
			want != "" && (failed == nil || failed.Code != want || failed.Service != "echo") {
			t.Errorf("call %d: got %q, %v", i, got.Said, err)
		}
	}
	for _, request := range service.Requests() {
		if request.Header.Get("User-Agent") != "agent/1" ||
			!strings.HasSuffix(request.Header.Get("X-TC-RequestClient"), "pipeline-7") {
			t.Errorf("headers %v", request.Header)
		}
	}
}

func TestAnUnsignedCallNeedsNoCredentials(t *testing.T) {
	t.Parallel()
	service := echo()
	client := dial(t, service, nil)
	got, err := call(t.Context(), client, cloudapi.Action{Name: "Unsigned", Unsigned: true})
	if err != nil || got.Said != "hello" {
		t.Errorf("got %q, %v", got.Said, err)
	}
	if service.Requests()[0].Signed {
		t.Error("it was signed")
	}
}

// What was never sent has not acted: a create must not be looked for because STS gave no answer.
func TestWithoutACredentialNothingIsSent(t *testing.T) {
	t.Parallel()
	service := echo()
	cause := &cloudapi.Error{Service: "sts", Action: "AssumeRole", Kind: cloudapi.KindNetwork, Message: "no answer"}
	client := dial(t, service, &moving{err: cause})
	_, err := call(t.Context(), client, cloudapi.Action{Name: "Signed"})
	failed, ok := errors.AsType[*cloudapi.Error](err)
	if !ok || failed.Kind != cloudapi.KindUnsigned || failed.Action != "Signed" || failed.MayHaveActed() ||
		!errors.Is(err, cause) ||
		!cause.MayHaveActed() {
		t.Errorf("got %#v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	client = dial(t, service, &moving{err: context.Canceled})
	_, err = call(ended, client, cloudapi.Action{Name: "Signed"})
	failed, ok = errors.AsType[*cloudapi.Error](err)
	if !ok || failed.Kind != cloudapi.KindCanceled || failed.MayHaveActed() || !errors.Is(err, context.Canceled) {
		t.Errorf("got %#v", err)
	}
	if len(service.Requests()) != 0 {
		t.Error("something was sent")
	}
}

func TestAnEndpointIsSentWhole(t *testing.T) {
	t.Parallel()
	service := echo()
	url := apitest.Start(t, http.StripPrefix("/prefix", service))
	root := apitest.Start(t, service)
	at := func(endpoint string) (*cloudapi.Client, error) {
		return cloudapi.New(
			cloudapi.Config{
				Service:  "echo",
				Version:  "2020-01-01",
				Region:   "ap-guangzhou",
				Endpoint: endpoint,
				Credentials: cloudapi.Credential{
					SecretID:  known.SecretID,
					SecretKey: known.SecretKey,
					Token:     known.Token,
				},
			},
		)
	}
	for _, endpoint := range []string{root, root + "/", url + "/prefix/"} {
		client, err := at(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call(t.Context(), client, cloudapi.Action{Name: "Signed"}); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	const write = "write https://tke.example.com"
	for endpoint, says := range map[string]string{
		"tke.example.com": "is not a URL", "ftp://tke.example.com": "is not a URL", "https://": "is not a URL",
		"https://:443":                "is not a URL",
		"https://tke.example.com?a=b": write, "https://tke.example.com/v3?": write + "/v3",
		"https://tke.example.com/#a":       write + "/",
		"https://u:CANARY@tke.example.com": write, "https://u@tke.example.com/": write + "/",
	} {
		_, err := at(endpoint)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: got %v", endpoint, err)
		}
	}
}
