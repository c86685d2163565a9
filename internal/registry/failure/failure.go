// Package failure describes why reading from a registry failed: what was attempted, at which host,
// and what the host said. It has no texts for users: internal/tfdiag words them by Kind.
package failure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind classifies a failure. It is an error itself, so that errors.Is(err, failure.NotFound) works.
type Kind string

// The kinds of failure. Callers branch on these, never on texts.
const (
	InvalidReference Kind = "invalid image reference"
	InvalidPlatform  Kind = "invalid platform"
	Unreachable      Kind = "registry unreachable"
	Timeout          Kind = "timeout"
	Canceled         Kind = "canceled"
	TLS              Kind = "TLS failure"
	Unauthorized     Kind = "unauthorized"
	Forbidden        Kind = "forbidden"
	NotFound         Kind = "not found"
	NoPlatform       Kind = "no such platform"
	RateLimited      Kind = "rate limited"
	Unavailable      Kind = "registry unavailable"
	Refused          Kind = "refused destination" // of a redirect or a token service
	Proxy            Kind = "proxy failure"       // of the proxy before the host
	WebPage          Kind = "not a registry"      // a web page came in place of an answer
	NotAnImage       Kind = "not an image"
	LayerType        Kind = "no container layer" // a media type that containerd does not unpack
	Malformed        Kind = "malformed"
	TooLarge         Kind = "too large"
	DigestMismatch   Kind = "digest mismatch"
	RangeIgnored     Kind = "range requests ignored" // the answer to one was the whole blob
	Protocol         Kind = "unexpected answer"
	Pending          Kind = "not known yet" // the configuration of the registry
)

// Error makes a Kind usable with errors.Is.
func (k Kind) Error() string { return string(k) }

// The sources of credentials, as errors name them.
const (
	SourceConfiguration = "the configuration of this registry"
	SourceDocker        = "Docker's configuration"
)

// ErrEncrypted is the cause of LayerType where the media type says that the layer is encrypted.
var ErrEncrypted = errors.New("the layer is encrypted")

// ErrDowngrade is the cause of Refused where a host leads from https to plain HTTP.
var ErrDowngrade = errors.New("it leads from https to plain HTTP")

// ErrWantsTLS is the cause of TLS where plain HTTP was sent to a host that speaks TLS.
var ErrWantsTLS = errors.New("the host expects TLS, and plain HTTP was sent to it")

// ErrWrongSize is the cause of Malformed where a blob has another size than its manifest says.
var ErrWrongSize = errors.New("the manifest has the size of a blob wrong")

// Error is every failure to read from a registry.
type Error struct {
	Image  string // the reference as the user wrote it
	Host   string // the host that failed: the registry, its token service, or the target of a redirect
	Kind   Kind
	Action string // what was attempted, e.g. "reading the manifest"

	StatusCode int           // of the answer, 0 without one
	Code       string        // the registry's error code, e.g. MANIFEST_UNKNOWN
	Message    string        // the registry's message, shortened and redacted
	RetryAfter time.Duration // what the registry asks to wait, 0 if it does not say

	Proxy string // the proxy that failed, for Proxy; "" where it is not known

	Platform  string   // that was wanted, for NoPlatform
	Platforms []string // that exist, for NoPlatform
	MediaType string   // of the layer, for LayerType

	Others []*Error // of the registry's other endpoints, which were asked too

	Elsewhere bool // Host is neither the registry nor its token service, so it was sent no credentials

	CredentialSource string // of the credentials that were sent, "" for none
	CredentialNote   string // why the lookup of credentials failed, "" if it did not

	Err error
}

// New returns a failure of a kind whose cause is a text.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// Is compares by kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

// Temporary returns whether the same request may succeed later.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case Unreachable, Timeout, RateLimited, Unavailable:
		return true
	}
	return false
}

// Error is for logs and developers: what was attempted, the kind, and what the other side said.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Image != "" {
		fmt.Fprintf(&b, "%s: ", e.Image)
	}
	if e.Action != "" {
		b.WriteString(e.Action)
		if e.Host != "" {
			fmt.Fprintf(&b, " from %s", e.Host)
		}
		b.WriteString(": ")
	}
	b.WriteString(string(e.Kind) + e.subject())
	if details := e.Details(); len(details) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(details, ", "))
	}
	for _, other := range e.Others {
		fmt.Fprintf(&b, "; %s: %s", other.Host, other.Error())
	}
	return b.String()
}

// subject returns what a failure is about, where that is neither a host nor an image.
func (e *Error) subject() string {
	switch {
	case e.Kind == LayerType:
		return ": " + e.MediaType
	case e.Kind == NoPlatform && len(e.Platforms) > 0:
		return ": " + e.Platform + ", only " + strings.Join(e.Platforms, ", ")
	case e.Kind == NoPlatform:
		return ": " + e.Platform
	case e.Kind == Unauthorized && e.CredentialNote != "":
		return ": " + e.CredentialNote
	case e.RetryAfter > 0:
		return ": retry after " + e.RetryAfter.Round(time.Second).String()
	}
	return ""
}

// Details returns what the other side said and the cause, each part as a text.
func (e *Error) Details() []string {
	var details []string
	if e.StatusCode != 0 {
		details = append(details, fmt.Sprintf("HTTP %d", e.StatusCode))
	}
	if e.Code != "" && e.Message != "" {
		details = append(details, e.Code+": "+e.Message)
	} else if text := e.Code + e.Message; text != "" {
		details = append(details, text)
	}
	if e.Err != nil && !errors.Is(e.Err, e.Kind) && !errors.Is(e.Err, context.DeadlineExceeded) {
		details = append(details, e.Err.Error())
	}
	return details
}

// Complete adds what an inner function does not know: the image, the action, and the host. It keeps
// what is set, and returns an error of another type as it is.
func Complete(err error, image, action, host string) error {
	e, typed := errors.AsType[*Error](err)
	if !typed {
		return err
	}
	completed := *e
	completed.Image = cmp.Or(e.Image, image)
	completed.Action = cmp.Or(e.Action, action)
	completed.Host = cmp.Or(e.Host, host)
	return &completed
}
