package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
)

// fakeLink stands in for what is below the link under test. It answers requests in turn, the last
// answer again and again.
type fakeLink struct {
	answers []func(req Request) (*http.Response, error)

	mu   sync.Mutex
	seen []Request
}

func (l *fakeLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	l.mu.Lock()
	answer := l.answers[min(len(l.seen), len(l.answers)-1)]
	l.seen = append(l.seen, req)
	l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	resp, err := answer(req)
	if resp != nil {
		resp.Request = &http.Request{URL: req.url}
	}
	return resp, err
}

// urls returns where the requests went.
func (l *fakeLink) urls() (list []string) {
	for _, req := range l.seen {
		list = append(list, req.url.String())
	}
	return list
}

type answer = func(req Request) (*http.Response, error)

// status answers with a status and header fields, given as name and value in turn.
func status(code int, fields ...string) answer { return withBody(code, "", fields...) }

func withBody(code int, body string, fields ...string) answer {
	return func(Request) (*http.Response, error) {
		header := http.Header{}
		for i := 0; i < len(fields); i += 2 {
			header.Set(fields[i], fields[i+1])
		}
		return &http.Response{
			StatusCode: code, Header: header, ContentLength: int64(len(body)),
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

func failing(err error) answer {
	return func(Request) (*http.Response, error) { return nil, err }
}

var errReset = errors.New("connection reset by peer")

func parseURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// requestTo returns a request to the registry r.io that goes to a URL.
func requestTo(t testing.TB, text string) Request {
	t.Helper()
	return Request{url: parseURL(t, text), origin: parseURL(t, "https://r.io")}
}

func destinationsOf(host string, hosts hostTable) destinations {
	return destinations{hosts: hosts, registry: plainEndpoint(host, hosts[host])}
}

// plainEndpoint is a registry itself, without a hosts.toml.
func plainEndpoint(host string, config Host) *endpoint {
	return newEndpoint(host, config, hostsdir.NewRegistry())
}

// brokenReader ends in the middle of an answer.
type brokenReader struct{ io.Reader }

func (r brokenReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		err = errReset
	}
	return n, err
}

// breakingOff answers with the beginning of a body.
func breakingOff(code int, begin string) answer {
	return func(Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: code, Header: http.Header{}, ContentLength: -1,
			Body: io.NopCloser(brokenReader{strings.NewReader(begin)}),
		}, nil
	}
}

func TestTheChainIsInOrder(t *testing.T) {
	t.Parallel()
	r, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	chain, auth := r.newChain(plainEndpoint("r.io", Host{}), repositoryOf(t, "r.io/x"))
	location, _ := chain.(*locationLink)
	scheme, _ := location.next.(*schemeLink)
	redirect, _ := scheme.next.(*redirectLink)
	if location.redirected != link(redirect) || redirect.next != link(auth) {
		t.Error("a redirect has to pass the link that follows redirects, and that one the authorization")
	}
	retry, _ := auth.next.(*retryLink)
	limit, _ := retry.next.(*limitLink)
	record, _ := limit.next.(*recordLink)
	if _, last := record.next.(*connectLink); !last {
		t.Errorf("below the authorization are %T, %T, %T, %T", auth.next, retry.next, limit.next, record.next)
	}
}
