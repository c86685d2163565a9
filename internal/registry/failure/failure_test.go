package failure_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestErrorsAreComparedByKind(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("around: %w", &failure.Error{Kind: failure.NotFound, Err: io.ErrUnexpectedEOF})
	if !errors.Is(err, failure.NotFound) || errors.Is(err, failure.Forbidden) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

func TestTheTextHasAttemptKindAndAnswer(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*failure.Error{
		"nginx:9: reading the manifest from r.io: not found (HTTP 404, MANIFEST_UNKNOWN: manifest unknown)": {
			Image: "nginx:9", Host: "r.io", Kind: failure.NotFound, Action: "reading the manifest",
			StatusCode: 404, Code: "MANIFEST_UNKNOWN", Message: "manifest unknown",
		},
		"no such platform: a/b, only c/d, e/f": {
			Kind: failure.NoPlatform, Platform: "a/b", Platforms: []string{"c/d", "e/f"},
		},
		"no container layer: x/y (the layer is encrypted)": {
			Kind: failure.LayerType, MediaType: "x/y", Err: failure.ErrEncrypted,
		},
		"rate limited: retry after 1m0s (HTTP 429)": {
			Kind: failure.RateLimited, StatusCode: 429, RetryAfter: time.Minute,
		},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestCompleteKeepsWhatIsSet(t *testing.T) {
	t.Parallel()
	inner := &failure.Error{Host: "storage", Kind: failure.Timeout}
	e, _ := errors.AsType[*failure.Error](failure.Complete(inner, "image", "reading", "registry"))
	if e.Host != "storage" || e.Image != "image" || e.Action != "reading" || inner.Image != "" {
		t.Errorf("%+v of %+v", e, inner)
	}
	if err := failure.Complete(io.EOF, "image", "", ""); err != io.EOF { //nolint:errorlint // the very same
		t.Error(err)
	}
}

func TestNoPartOfAnErrorKeepsASecret(t *testing.T) {
	t.Parallel()
	const secret = "canary-Passw0rd"
	secrets := new(redact.Secrets)
	secrets.Add(secret)
	cause := &failure.Error{Kind: failure.Unauthorized, Message: secret, Err: errors.New(secret)}
	err := failure.Redact(&failure.Error{
		Host: secret + ".example.com", Kind: failure.Pending, Code: secret, Message: secret, MediaType: secret,
		CredentialNote: secret, Platforms: []string{secret}, Err: cause,
	}, secrets)
	for at := err; at != nil; at = errors.Unwrap(at) {
		if text := fmt.Sprintf("%v %+v %#v", at, at, at); strings.Contains(text, secret) {
			t.Errorf("a secret shows: %s", text)
		}
	}
	if !errors.Is(err, failure.Unauthorized) {
		t.Error("the cause lost its kind")
	}
}
