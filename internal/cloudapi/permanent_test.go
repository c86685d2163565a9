package cloudapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// dialURL makes a client of an endpoint, with as many tries as users have.
func dialURL(t *testing.T, endpoint string) *cloudapi.Client {
	t.Helper()
	client, err := cloudapi.New(cloudapi.Config{
		Service: "echo", Version: "2020-01-01", Region: "ap-guangzhou", Endpoint: endpoint, RetryWait: time.Millisecond,
		Credentials: cloudapi.Credential{SecretID: known.SecretID, SecretKey: known.SecretKey, Token: known.Token},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// strange answers the first requests with something that is no answer of the API, and counts all.
type strange struct {
	http.Handler
	body  string
	first atomic.Int64 // as many
	calls atomic.Int64
}

func (s *strange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	if s.first.Add(-1) >= 0 {
		_, _ = fmt.Fprint(w, s.body)
		return
	}
	s.Handler.ServeHTTP(w, r)
}

// TestAHostThatIsNotTheAPIIsAskedTwice: once more, in case the answer was a proxy's, and not for
// half a minute.
func TestAHostThatIsNotTheAPIIsAskedTwice(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a page": "<html><body>Sign in</body></html>", "other JSON": `{"status": "ok"}`, "nothing": "",
	} {
		host := &strange{Handler: echo(), body: body}
		host.first.Store(100)
		client := dialURL(t, apitest.Start(t, host))
		_, err := call(t.Context(), client, cloudapi.Action{Name: "Signed", Repeatable: true})
		failed, ok := errors.AsType[*cloudapi.Error](err)
		if !ok || failed.Kind != cloudapi.KindMalformed || host.calls.Load() != 2 {
			t.Errorf("%s: %v after %d requests", name, err, host.calls.Load())
		}
	}
}

// TestAHostThatTakesNoPOSTIsAskedOnce: a file server, say.
func TestAHostThatTakesNoPOSTIsAskedOnce(t *testing.T) {
	t.Parallel()
	for status, calls := range map[int]int64{
		http.StatusNotImplemented: 1, http.StatusNotFound: 1, http.StatusMethodNotAllowed: 1, http.StatusBadGateway: 9,
	} {
		var asked atomic.Int64
		host := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.WriteHeader(status)
		})
		client := dialURL(t, apitest.Start(t, host))
		_, err := call(t.Context(), client, cloudapi.Action{Name: "Signed", Repeatable: true})
		failed, ok := errors.AsType[*cloudapi.Error](err)
		if !ok || failed.Kind != cloudapi.KindStatus || asked.Load() != calls {
			t.Errorf("%d: %v after %d requests", status, err, asked.Load())
		}
	}
}

// TestStrangeAnswersOfAHostThatIsTheAPIPass: a build that is watched for an hour survives them.
func TestStrangeAnswersOfAHostThatIsTheAPIPass(t *testing.T) {
	t.Parallel()
	read := cloudapi.Action{Name: "Signed", Repeatable: true}
	host := &strange{Handler: echo(), body: "<html>Sign in</html>"}
	client := dialURL(t, apitest.Start(t, host))
	for _, bad := range []int64{1, 6} { // at first one, which may be a proxy's
		host.first.Store(bad)
		if _, err := call(t.Context(), client, read); err != nil {
			t.Errorf("%d strange answers: %v", bad, err)
		}
	}
	torn := &strange{Handler: echo(), body: `{"Response": {"RequestId": "`} // torn, but the API's
	torn.first.Store(6)
	if _, err := call(t.Context(), dialURL(t, apitest.Start(t, torn)), read); err != nil {
		t.Error(err)
	}
}

func TestTLSOnAnHTTPPortEndsAtOnce(t *testing.T) {
	t.Parallel()
	service := echo()
	endpoint := strings.Replace(apitest.Start(t, service), "http://", "https://", 1)
	client, err := cloudapi.New(cloudapi.Config{
		Service: "echo", Version: "2020-01-01", Region: "ap-guangzhou", Endpoint: endpoint, RetryWait: time.Hour,
		Credentials: cloudapi.Credential{SecretID: known.SecretID, SecretKey: known.SecretKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = call(ctx, client, cloudapi.Action{Name: "Signed", Repeatable: true})
	failed, ok := errors.AsType[*cloudapi.Error](err)
	if !ok || failed.Kind != cloudapi.KindNetwork || !cloudapi.IsPlainHTTP(err) || failed.MayHaveActed() {
		t.Errorf("got %v", err)
	}
}

// TestCodesThatNoRepetitionChangesEndAtOnce, although they are among the service's own faults.
func TestCodesThatNoRepetitionChangesEndAtOnce(t *testing.T) {
	t.Parallel()
	for code, requests := range map[string]int{
		"InternalError.CamNoAuth": 1, "InternalError.DbRecordNotFound": 1, "InternalError.QuotaMaxRtLimit": 1,
		"InternalError": 9, "InternalError.Db": 9, "FailedOperation.TradeInsufficientBalance": 1,
	} {
		service := echo()
		service.Fail("Signed", &apitest.Refusal{Code: code, EN: "refused"})
		_, err := call(t.Context(), dialURL(t, apitest.Start(t, service)), cloudapi.Action{
			Name: "Signed", Repeatable: true,
		})
		if err == nil || len(service.Requests()) != requests {
			t.Errorf("%s: %d requests, want %d: %v", code, len(service.Requests()), requests, err)
		}
	}
}
