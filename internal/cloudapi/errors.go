package cloudapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

// Kind says who gave the error, and so what is known about the request.
type Kind int

// The kinds.
const (
	KindService   Kind = iota // the service answered with an error code
	KindNetwork               // no answer came
	KindStatus                // something on the way answered with another status than 200
	KindMalformed             // an answer came that is not the API's
	KindCanceled              // the caller's context ended
	KindUnsigned              // there was no credential to sign with; nothing was sent
)

// Error is any failure of a call: what was attempted, what the other side said, and under which
// request id.
type Error struct {
	Service   string // such as "tke"
	Action    string
	Kind      Kind
	Code      string // the service's, such as AuthFailure.SignatureFailure; only with KindService
	Message   string // the service's own words, in English, or what was found instead of them; without secrets
	RequestID string
	Host      string
	Status    int           // the HTTP status, with KindStatus
	Skew      time.Duration // this machine's clock less the service's, where the answer was dated
	Err       error         // what the error was made from, if anything
	torn      bool          // an answer of the API that was cut short, with KindMalformed
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", e.Action)
	switch e.Kind {
	case KindService:
		fmt.Fprintf(&b, "%s: %s", e.Code, e.Message)
	case KindStatus:
		fmt.Fprintf(&b, "HTTP %d %s from %s: %s", e.Status, http.StatusText(e.Status), e.Host, e.Message)
	case KindMalformed:
		fmt.Fprintf(&b, "no answer of the API came from %s: %s", e.Host, e.Message)
	default:
		b.WriteString(e.Message)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", e.RequestID)
	}
	return b.String()
}

// Unwrap returns the cause, so that errors.Is finds context errors.
func (e *Error) Unwrap() error { return e.Err }

// HasCode reports whether the service answered with one of the codes or with a sub-code of one of
// them ("AuthFailure" covers "AuthFailure.SignatureExpire").
func (e *Error) HasCode(codes ...string) bool {
	if e.Kind != KindService {
		return false
	}
	for _, code := range codes {
		if e.Code == code || strings.HasPrefix(e.Code, code+".") {
			return true
		}
	}
	return false
}

// MayHaveActed reports whether the service may have done what was asked in spite of the error.
func (e *Error) MayHaveActed() bool {
	switch e.Kind {
	case KindService:
		return isInternalError(e.Code)
	case KindNetwork, KindCanceled:
		return !isNeverSent(e.Err)
	case KindUnsigned:
		return false
	case KindStatus:
		return e.Status != http.StatusTooManyRequests
	default:
		return true
	}
}

const (
	// maxMessage bounds what an error repeats of a message. Those of CAM, the longest that were
	// seen, have some hundreds.
	maxMessage = redact.MaxRunes
	maxExcerpt = 160 // of what is no answer of the API
)

// newError is the one place where what the SDK and the transport report becomes an *Error, and so
// where it is redacted.
func (c *Client) newError(ctx context.Context, action Action, err error) *Error {
	e := c.typedError(ctx, action, err)
	e.Code = c.secrets.Value(e.Code) // which decides what is done about it
	most := maxMessage
	if e.Kind == KindStatus || e.Kind == KindMalformed {
		most = maxExcerpt
	}
	e.Message = c.secrets.Text(e.Message, most)
	e.RequestID = c.secrets.Value(e.RequestID)
	e.Err = c.secrets.Error(e.Err, maxMessage)
	return e
}

func (c *Client) typedError(ctx context.Context, action Action, err error) *Error {
	if typed, ok := errors.AsType[*Error](err); ok { // the transport saw it first
		typed.Service, typed.Action = c.service, action.Name
		return typed
	}
	e := &Error{Service: c.service, Action: action.Name, Kind: KindNetwork, Err: err}
	var sdk *sdkerrors.TencentCloudSDKError
	switch {
	case errors.As(err, &sdk) && !strings.HasPrefix(sdk.Code, "ClientError."):
		e.Kind, e.Code, e.Message, e.RequestID, e.Err = KindService, sdk.Code, sdk.Message, sdk.RequestId, nil
		e.Skew = skewOf(ctx)
	case sdk != nil && sdk.Code == "ClientError.ParseJsonError":
		// the SDK's words repeat it
		e.Kind, e.Message, e.Err = KindMalformed, "the answer is not the JSON that was expected", nil
	case ctx.Err() != nil:
		e.Kind, e.Message = KindCanceled, context.Cause(ctx).Error()
		e.Err = errors.Join(context.Cause(ctx), err)
	default:
		e.Message = RootCause(err).Error()
	}
	return e
}

// NewCanceledError reports that the caller's context ended while it waited for a call that several
// callers share.
func NewCanceledError(ctx context.Context, service, action string) *Error {
	cause := context.Cause(ctx)
	return &Error{Service: service, Action: action, Kind: KindCanceled, Message: cause.Error(), Err: cause}
}

// newUnsignedError reports that the credentials could not be obtained. The request was not sent.
func (c *Client) newUnsignedError(ctx context.Context, action Action, err error) *Error {
	e := &Error{Service: c.service, Action: action.Name, Kind: KindUnsigned, Message: err.Error(), Err: err}
	if ctx.Err() != nil {
		e.Kind, e.Message = KindCanceled, context.Cause(ctx).Error()
		e.Err = errors.Join(errNotTried, context.Cause(ctx))
	}
	return e
}

// RootCause leaves out the layers that only repeat the URL.
func RootCause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// isNeverSent reports whether the connection failed before a byte of the request could leave: where
// it could not be made, or its TLS could not.
func isNeverSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	return errors.Is(err, errNotTried) || isPermanent(err)
}
