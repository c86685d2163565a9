package tke_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// answering is a transport whose every answer is what the fuzzer writes, and after some pages of it
// that there is no more.
type answering struct {
	status int
	body   []byte
	pages  int
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.pages++; a.pages > 12 && a.status == http.StatusOK {
		a.body = []byte(`{"Response":{"RequestId":"last"}}`)
	}
	return &http.Response{
		StatusCode: a.status,
		Header:     http.Header{},
		Body:       io.NopCloser(bytes.NewReader(a.body)),
		Request:    r,
	}, nil
}

// newClient returns a client that reads what the wire brings, and does not wait between tries.
func (a *answering) newClient(tb testing.TB) *tke.Client {
	tb.Helper()
	client, err := tke.New(tke.Config{Config: cloudapi.Config{
		Credentials:          cloudapi.Credential{SecretID: "id", SecretKey: "key"},
		Region:               "ap-guangzhou",
		Endpoint:             "http://127.0.0.1:1",
		Transport:            a,
		RetryWait:            time.Nanosecond,
		MaxRequestsPerSecond: 1e9,
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// FuzzAnswer lists image caches of a service that answers anything: the client returns caches that
// can be read or an error of its own type, and never takes for an answer what is none.
func FuzzAnswer(f *testing.F) {
	f.Add(
		200,
		[]byte(
			`{"Response":{"TotalCount":1,"ImageCaches":[{"ImageCacheId":"imc-r1htp8tg","ImageCacheName":"llm",`+
				`"ExpireDateTime":"2126-03-30 07:03:35 +0000 UTC","CreationTime":1774854215000,`+
				`"RetentionDays":null,"Tags":null,"Events":[{"Type":"Warning","FirstTimestamp":"x",`+
				`"Message":"no space left on device"}]}],"RequestId":"a"}}`,
		),
	)
	f.Add(200, []byte(`{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"m"},"RequestId":"a"}}`))
	f.Add(200, []byte(`{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire","Message":7},"RequestId":"a"}}`))
	f.Add(200, []byte(`{"Response":{"TotalCount":-1,"ImageCaches":{},"RequestId":1}}`))
	f.Add(200, []byte(`{"Response":{"TotalCount":9223372036854775807,"ImageCaches":[{},{}],"RequestId":"a"}}`))
	f.Add(
		200,
		[]byte(
			`{"Response":{"TotalCount":2,"ImageCaches":[{"ImageCacheId":"imc-a","Status":"Ready"},`+
				`{"ImageCacheId":"imc-a","Status":"Ready"}],"RequestId":"a"}}`,
		),
	)
	f.Add(502, []byte("<html><style>a{}</style>\xff<b>Bad Gateway"))
	f.Add(302, []byte{})
	wire := &answering{}
	client := wire.newClient(f)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 100 || status > 999 || len(body) > 1<<16 {
			return // net/http lets no such status through
		}
		wire.status, wire.body, wire.pages = status, body, 0
		caches, err := client.List(t.Context(), tke.Filter{})
		var told struct{ Response struct{ RequestID string } }
		isAnswer := json.Unmarshal(body, &told) == nil && told.Response.RequestID != ""
		if err == nil {
			if status != http.StatusOK || !isAnswer {
				t.Fatalf("HTTP %d %q was taken for an answer", status, body)
			}
			for _, cache := range caches {
				_, _ = cache.ExpiresAt()
				_, _ = cache.EventsByTime(), cache.Warnings()
			}
			return
		}
		if contradicts, ok := errors.AsType[*tke.InconsistentError](err); ok {
			if len(contradicts.Error()) > 1000 {
				t.Fatalf("an error of %d bytes", len(contradicts.Error()))
			}
			return
		}
		var failed *cloudapi.Error
		if !errors.As(err, &failed) || failed.Action != tke.ActionDescribe {
			t.Fatalf("%v", err)
		}
		if shown := failed.Error(); len(shown) > 20_000 || failed.Kind != cloudapi.KindService && len(shown) > 1000 {
			t.Fatalf("an error of %d bytes", len(shown))
		}
	})
}
