package transport

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func connectTo(host string, hosts hostTable) *connectLink {
	return &connectLink{
		destinations: destinationsOf(host, hosts), connections: newConnections(nil, Limits{}.withDefaults(), ""),
		userAgent: "test/1",
	}
}

func TestARequestArrivesAsItIs(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		header := r.Header.Clone()
		header.Del("Content-Length")
		if r.Method != http.MethodPost || string(body) != "form" || len(header) != 3 ||
			header.Get("User-Agent") != "test/1" ||
			header.Get("Accept-Encoding") != "identity" || header.Get("Range") != "bytes=0-1" {
			t.Errorf("%s %q %v", r.Method, body, header)
		}
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	req := requestTo(t, server.URL+"/x")
	req.Method, req.Body, req.Header = http.MethodPost, "form", http.Header{"Range": {"bytes=0-1"}}
	resp, err := connectTo(host, nil).roundTrip(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Request.URL.String() != server.URL+"/x" || len(req.Header) != 1 {
		t.Errorf("%s, %v", resp.Request.URL, req.Header)
	}
}

func TestAServerWithoutTLSIsNamedSo(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	_, err := connectTo(host, nil).roundTrip(t.Context(), requestTo(t, "https://"+host+"/"))
	if !errors.Is(err, http.ErrSchemeMismatch) {
		t.Error(err)
	}
}

// TestAnInternalAddressIsNotConnectedTo where another registry leads to it.
func TestAnInternalAddressIsNotConnectedTo(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("it was sent a request")
	}))
	t.Cleanup(server.Close)
	_, err := connectTo("r.io", nil).roundTrip(t.Context(), requestTo(t, server.URL))
	if !errors.Is(err, failure.Refused) {
		t.Error(err)
	}
}

func TestConnectionsAreSharedWhereTrustIsTheSame(t *testing.T) {
	t.Parallel()
	hosts := hostTable{"r.io": {CACertificate: "pem"}, "other.example": {InsecureSkipVerify: true}}
	d := destinations{hosts: hosts, registry: plainEndpoint("r.io", hosts["r.io"])}
	kindOf := func(text string) connectionKind {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return d.connectionTo(u)
	}
	judged := guard{judges: true}
	for to, want := range map[string]connectionKind{
		"https://r.io/":          {ca: "pem"},
		"https://r.io:8443/":     {ca: "pem"},                // the registry's own host
		"https://other.example/": {insecure: true},           // its own configuration
		"https://storage.io/":    {ca: "pem", guard: judged}, // the CA goes along
		"http://storage.io/":     {ca: "pem", guard: guard{judges: true, plain: true}},
	} {
		if got := kindOf(to); got != want {
			t.Errorf("%s: %+v", to, got)
		}
	}
	c := newConnections(nil, Limits{}.withDefaults(), "")
	u := parseURL(t, "https://storage.io/")
	if c.choose(connectionKind{guard: judged}, u) != c.choose(connectionKind{guard: judged}, u) ||
		c.choose(connectionKind{}, u) != c.base {
		t.Error("two connections of one kind do not share a transport")
	}
}
