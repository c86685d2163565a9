package transport

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
)

// routesTo returns endpoints that answer in turn, with the link of each.
func routesTo(answers ...[]answer) (*routeLink, []*fakeLink) {
	list, links := &routeLink{}, []*fakeLink{}
	for i, of := range answers {
		link := &fakeLink{answers: of}
		at := newEndpoint(string(rune('a'+i))+".io", Host{}, hostsdir.NewRegistry())
		list.list = append(list.list, &route{endpoint: at, chain: link})
		links = append(links, link)
	}
	return list, links
}

// requestFor is one that links below the chains would have addressed.
func requestFor(t *testing.T) Request {
	t.Helper()
	return requestTo(t, "https://a.io/v2/x/blobs/sha256:1")
}

func counts(links []*fakeLink) (list []int) {
	for _, link := range links {
		list = append(list, len(link.seen))
	}
	return list
}

var errUnreached = &failure.Error{Host: "a.io", Kind: failure.Unreachable, Err: syscall.ECONNREFUSED}

func TestAnEndpointThatCannotBeReachedIsAskedLastForAMinute(t *testing.T) {
	t.Parallel()
	for _, unreached := range []error{errUnreached, &failure.Error{Host: "a.io", Kind: failure.Proxy}} {
		synctest.Test(t, func(t *testing.T) { askAroundAnEndpoint(t, unreached) })
	}
}

func askAroundAnEndpoint(t *testing.T, unreached error) {
	t.Helper()
	routes, links := routesTo([]answer{failing(unreached)}, []answer{status(http.StatusOK)})
	for i, want := range [][]int{{1, 1}, {1, 2}, {2, 3}} {
		if i == 2 {
			time.Sleep(failedLife)
		}
		if _, err := routes.roundTrip(t.Context(), requestFor(t)); err != nil {
			t.Fatal(err)
		}
		if got := counts(links); !slices.Equal(got, want) {
			t.Errorf("request %d: got %v, want %v", i, got, want)
		}
	}
}

func TestOnlyTheLastEndpointIsAskedWithRetries(t *testing.T) {
	t.Parallel()
	routes, links := routesTo(
		[]answer{status(http.StatusServiceUnavailable), status(http.StatusOK)}, []answer{status(http.StatusNotFound)})
	resp, err := routes.roundTrip(t.Context(), requestFor(t))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(err)
	}
	var spare []bool
	for _, req := range append(slices.Clone(links[0].seen), links[1].seen...) {
		spare = append(spare, req.spare)
	}
	if want := []bool{true, false, false}; !slices.Equal(spare, want) {
		t.Errorf("got %v, want %v: the first, the first again, the last", spare, want)
	}
}

func TestTheCallersEndIsNoFailureOfAnEndpoint(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	canceling := func(Request) (*http.Response, error) {
		cancel()
		return nil, classifyError(ctx, "b.io", context.Canceled)
	}
	routes, _ := routesTo([]answer{status(http.StatusNotFound)}, []answer{canceling}, []answer{status(http.StatusOK)})
	_, err := routes.roundTrip(ctx, requestFor(t))
	if !errors.Is(err, failure.Canceled) || routes.list[1].endpoint.failedRecently() {
		t.Errorf("%v", err)
	}
}

func TestAMirrorIsToldTheRegistrysName(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{status(http.StatusOK)}}
	at := newEndpoint("mirror.io", Host{}, hostsdir.Endpoint{Address: hostsdir.Address{Scheme: "https", Path: "/team/v2"}})
	at.namespace = "r.io:5000"
	l := &schemeLink{next: next, registry: at, repo: repositoryOf(t, "r.io:5000/a/b")}
	for _, path := range []string{"manifests/1", "referrers/sha256:1?artifactType=x"} {
		if _, err := l.roundTrip(t.Context(), Request{Path: path}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"https://mirror.io/team/v2/a/b/manifests/1?ns=r.io%3A5000",
		"https://mirror.io/team/v2/a/b/referrers/sha256:1?ns=r.io%3A5000&artifactType=x",
	}
	if got := next.urls(); !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

// TestSettingsOfAHostComeBeforeItsHostsFile: what registries says, then the file.
func TestSettingsOfAHostComeBeforeItsHostsFile(t *testing.T) {
	t.Parallel()
	yes := true
	inFile := hostsdir.Endpoint{
		Address: hostsdir.Address{Scheme: "http", Path: "/v2"}, CACertificates: "file", SkipVerify: &yes,
	}
	at := newEndpoint("r.io", Host{CACertificate: "own"}, inFile)
	if at.config.CACertificate != "own" || !at.config.InsecureSkipVerify {
		t.Errorf("%+v", at.config)
	}
	for name, test := range map[string]struct {
		config  Host
		file    hostsdir.Endpoint
		scheme  string
		settled bool
	}{
		"http with settings for TLS":    {Host{}, inFile, "http", false},
		"http":                          {Host{}, hostsdir.Endpoint{Address: hostsdir.Address{Scheme: "http"}}, "http", true},
		"plain_http":                    {Host{PlainHTTP: true}, hostsdir.NewRegistry(), "http", true},
		"https on loopback, as written": {Host{}, hostsdir.Endpoint{Address: hostsdir.Address{Scheme: "https"}}, "https", true},
	} {
		if scheme, settled := newEndpoint("localhost:5000", test.config, test.file).currentScheme(); scheme != test.scheme ||
			settled != test.settled {
			t.Errorf("%s: %s, settled %t", name, scheme, settled)
		}
	}
}
