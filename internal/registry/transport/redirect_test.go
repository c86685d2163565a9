package transport

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestRedirectsAreFollowedToAllowedDestinations(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{
		status(http.StatusTemporaryRedirect, "Location", "/v2/x/blobs/2"),
		status(http.StatusFound, "Location", "https://u:p@storage.example/b?s#f"),
		status(http.StatusOK),
	}}
	l := &redirectLink{next: next, check: destinationsOf("r.io", nil).checkRedirect}
	req := requestTo(t, "https://r.io/v2/x/blobs/1")
	req.Header = http.Header{"Range": {"bytes=0-1"}}
	resp, err := l.roundTrip(t.Context(), req)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	want := []string{
		"https://r.io/v2/x/blobs/1", "https://r.io/v2/x/blobs/2", "https://storage.example/b?s",
	}
	if !slices.Equal(next.urls(), want) {
		t.Errorf("%q", next.urls())
	}
	if last := next.seen[2]; last.isOwn() || last.Header.Get("Range") != "bytes=0-1" || len(last.Header) != 1 {
		t.Errorf("%+v", last)
	}
}

func TestARedirectIsJudgedBeforeItIsFollowed(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]failure.Kind{
		"http://storage.example/":  failure.Refused,
		"https://169.254.169.254/": failure.Refused,
		"https://localhost/":       failure.Refused,
		"http://plain.example/":    "", // configured so
		"":                         failure.Protocol,
		"http://%zz":               failure.Protocol,
	} {
		next := &fakeLink{answers: []answer{status(http.StatusFound, "Location", location), status(http.StatusOK)}}
		l := &redirectLink{
			next: next, check: destinationsOf("r.io", hostTable{"plain.example": {PlainHTTP: true}}).checkRedirect,
		}
		_, err := l.roundTrip(t.Context(), requestTo(t, "https://r.io/v2/"))
		if want == "" && err != nil || want != "" && !errors.Is(err, want) {
			t.Errorf("%q: %v", location, err)
		}
		if want != "" && len(next.seen) != 1 {
			t.Errorf("%q was followed", location)
		}
	}
}

func TestAChainOfRedirectsEnds(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{status(http.StatusFound, "Location", "/again")}}
	l := &redirectLink{next: next, check: destinationsOf("r.io", nil).checkRedirect}
	if _, err := l.roundTrip(t.Context(), requestTo(t, "https://r.io/")); !errors.Is(err, failure.Refused) ||
		len(next.seen) != maxRedirects+1 {
		t.Errorf("%d requests, %v", len(next.seen), err)
	}
}
