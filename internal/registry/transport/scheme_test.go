package transport

import (
	"net/http"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func repositoryOf(t testing.TB, text string) name.Repository {
	t.Helper()
	repo, err := name.NewRepository(text)
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

func TestTheSchemeOfALoopbackRegistryIsFoundOut(t *testing.T) {
	t.Parallel()
	const plain, secure = "http://localhost:5000/v2/x/manifests/1", "https://localhost:5000/v2/x/manifests/1"
	reset := &failure.Error{Kind: failure.Unreachable, Err: errReset}
	broken := &failure.Error{Kind: failure.Unreachable, Err: &brokenError{errReset}}
	refused := &failure.Error{Kind: failure.Unreachable, Err: syscall.ECONNREFUSED}
	untrusted := &failure.Error{Kind: failure.TLS}
	mismatch := &failure.Error{Kind: failure.TLS, Err: http.ErrSchemeMismatch}
	for situation, test := range map[string]struct {
		answers []answer
		want    []string
		scheme  string
	}{
		"plain":                      {[]answer{status(200)}, []string{plain, plain}, "http"},
		"TLS, answered with 400":     {[]answer{status(400), status(200)}, []string{plain, secure, secure}, "https"},
		"TLS, answered with a reset": {[]answer{failing(reset), status(200)}, []string{plain, secure, secure}, "https"},
		"plain, and a true 400": {
			[]answer{status(400), failing(mismatch), status(400)}, []string{plain, secure, plain, plain}, "http",
		},
		"a body that breaks off":       {[]answer{failing(broken), status(200)}, []string{plain, plain}, "http"},
		"a connection that is refused": {[]answer{failing(refused), failing(refused)}, []string{plain, plain}, ""},
		"TLS that is not trusted either": {
			[]answer{status(400), failing(untrusted), status(400), failing(untrusted)},
			[]string{plain, secure, plain, secure}, "",
		},
	} {
		next := &fakeLink{answers: test.answers}
		l := &schemeLink{
			next: next, registry: plainEndpoint("localhost:5000", Host{}), repo: repositoryOf(t, "localhost:5000/x"),
		}
		for range 2 {
			_, _ = l.roundTrip(t.Context(), Request{Path: "manifests/1"})
		}
		if got := next.urls(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q", situation, got)
		}
		if scheme, settled := l.registry.currentScheme(); settled != (test.scheme != "") ||
			settled && scheme != test.scheme {
			t.Errorf("%s: %s, settled %v", situation, scheme, settled)
		}
	}
}

func TestAQueryIsNoPath(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{status(200)}}
	l := &schemeLink{next: next, registry: plainEndpoint("r.io", Host{}), repo: repositoryOf(t, "r.io/a/b")}
	if _, err := l.roundTrip(t.Context(), Request{Path: "referrers/sha256:1?artifactType=a%2Fb"}); err != nil {
		t.Fatal(err)
	}
	if got := next.seen[0].url.String(); got != "https://r.io/v2/a/b/referrers/sha256:1?artifactType=a%2Fb" ||
		!next.seen[0].isOwn() {
		t.Error(got)
	}
}
