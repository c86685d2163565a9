package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what went wrong. It is an error itself, so that errors.Is(err, registry.KindNotFound) asks for it.
type Kind string

// The kinds of failure. A caller branches on these, never on texts.
const (
	KindInvalidReference Kind = "invalid image reference"
	KindInvalidPlatform  Kind = "invalid platform"
	KindUnreachable      Kind = "registry unreachable"
	KindTimeout          Kind = "timeout"
	KindCanceled         Kind = "canceled"
	KindTLS              Kind = "TLS failure"
	KindUnauthorized     Kind = "unauthorized"
	KindForbidden        Kind = "forbidden"
	KindNotFound         Kind = "not found"
	KindNoPlatform       Kind = "no such platform"
	KindRateLimited      Kind = "rate limited"
	KindUnavailable      Kind = "registry unavailable"
	KindRefused          Kind = "refused destination" // a redirect or a token realm that we do not follow
	KindNotAnImage       Kind = "not an image"
	KindLayerType        Kind = "no container layer" // of a media type that containerd does not unpack
	KindMalformed        Kind = "malformed"
	KindTooLarge         Kind = "too large"
	KindDigestMismatch   Kind = "digest mismatch"
	KindRangeIgnored     Kind = "range requests ignored" // the whole blob came in answer to one
	KindProtocol         Kind = "unexpected answer"
	KindPending          Kind = "not known yet" // how to read the registry
)

// Error makes a Kind usable with errors.Is.
func (k Kind) Error() string { return string(k) }

// Where credentials can come from, as errors name it.
const (
	SourceConfiguration = "the configuration of this registry"
	SourceDocker        = "Docker's configuration"
)

// Error is every failure of this package.
type Error struct {
	Image  string // the reference as the user wrote it
	Host   string // the host that failed: the registry, its token realm, or where it redirected to
	Kind   Kind
	Action string // what was attempted, e.g. "reading the manifest"

	StatusCode int           // of the answer, 0 when there was none
	Code       string        // the registry's own error code, e.g. MANIFEST_UNKNOWN
	Message    string        // the registry's own words, shortened, and without secrets
	RetryAfter time.Duration // when the registry wants to be asked again, 0 when it did not say

	Platform  string   // wanted, for KindNoPlatform
	Platforms []string // that there are, for KindNoPlatform
	MediaType string   // of the layer, for KindLayerType

	Elsewhere bool // Host is neither the registry nor its token service, so no credentials went there

	CredentialSource string // whose credentials were used, "" for none
	CredentialNote   string // why the lookup of credentials failed, "" when it did not

	Err error
}

// Unwrap gives the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// Is compares by kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

// Temporary says whether the same request may succeed later.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case KindUnreachable, KindTimeout, KindRateLimited, KindUnavailable:
		return true
	}
	return false
}

// Error says what was attempted, what came of it, and what to do now.
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
	b.WriteString(e.Outcome())
	if advice := e.Advice(); advice != "" {
		b.WriteString("; " + advice)
	}
	return b.String()
}

// Outcome says what went wrong and what the other side said, without image and host.
func (e *Error) Outcome() string {
	var said []string
	if e.StatusCode != 0 {
		said = append(said, fmt.Sprintf("HTTP %d", e.StatusCode))
	}
	if words := strings.TrimPrefix(joined(e.Code, e.Message), ": "); words != "" {
		said = append(said, words)
	}
	if e.Err != nil && !errors.Is(e.Err, e.Kind) {
		said = append(said, e.Err.Error())
	}
	if len(said) == 0 {
		return e.headline()
	}
	return e.headline() + " (" + strings.Join(said, ", ") + ")"
}

func joined(code, message string) string {
	if code == "" || message == "" {
		return code + message
	}
	return code + ": " + message
}

// fillIn adds what an inner layer could not know: which image, what was being done, and with whose host.
func fillIn(err error, image, action, host string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	filled := *e
	if filled.Image == "" {
		filled.Image = image
	}
	if filled.Action == "" {
		filled.Action = action
	}
	if filled.Host == "" {
		filled.Host = host
	}
	return &filled
}
