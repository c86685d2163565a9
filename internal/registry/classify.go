package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// maxErrorBody bounds how much of a failed answer is read.
const maxErrorBody = 16 << 10

// transportError gives a request that had no answer its kind.
func transportError(ctx context.Context, host string, err error) error {
	if own, typed := errors.AsType[*failure.Error](err); typed {
		return failure.Complete(own, "", "", host)
	}
	kind := failure.Unreachable
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(ctx.Err(), context.Canceled), errors.Is(err, context.Canceled):
		kind = failure.Canceled
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		kind = failure.Timeout
	case isTLS(err):
		kind = failure.TLS
	}
	return &failure.Error{Host: host, Kind: kind, Err: withoutURL(err)}
}

// withoutURL strips the URL that net/http puts around errors.
func withoutURL(err error) error {
	for {
		wrapped, found := errors.AsType[*url.Error](err)
		if !found {
			return err
		}
		err = wrapped.Err
	}
}

// brokenError is an answer that began well and did not come to its end.
type brokenError struct{ cause error }

func (e *brokenError) Error() string { return "the answer broke off: " + e.cause.Error() }
func (e *brokenError) Unwrap() error { return e.cause }

// bodyError gives a failure in the middle of a body its kind. Whatever it is, except our own impatience and the caller's
// cancellation, another connection may do better.
func bodyError(ctx context.Context, host string, err error) error {
	var own impatience
	if ctx.Err() == nil && !errors.As(err, &own) {
		err = &brokenError{withoutURL(err)}
	}
	return transportError(ctx, host, err)
}

func isBroken(err error) bool {
	var broken *brokenError
	return errors.As(err, &broken)
}

// isUnanswered reports whether a request came to nothing after it had a connection: this broke, or remained silent, before an answer.
func isUnanswered(err error) bool {
	failed, typed := errors.AsType[*failure.Error](err)
	return typed && failed.StatusCode == 0 && (failed.Kind == failure.Unreachable || failed.Kind == failure.Timeout) &&
		!isBroken(err) && !errors.Is(err, errStalled) && !isUnconnected(err)
}

// isUnconnected reports whether there was no connection, to the host or its proxy.
func isUnconnected(err error) bool {
	failed, typed := errors.AsType[*net.OpError](err)
	return typed && (failed.Op == "dial" || failed.Op == "proxyconnect")
}

func isConnectionRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// isTLS is true when a connection was made and no trust came of it.
func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		header       tls.RecordHeaderError
		remote       *net.OpError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) ||
		errors.As(err, &invalid) || errors.As(err, &header) ||
		errors.As(err, &remote) && remote.Op == "remote error" || // how crypto/tls reports an alert of the other side
		errors.Is(err, http.ErrSchemeMismatch)
}

// statusError gives a failed answer its kind, and closes it. who is nil for an answer of a host that no credentials went to.
func statusError(resp *http.Response, host string, who *authorizer) error {
	defer resp.Body.Close()
	e := &failure.Error{Host: host, Kind: kindOfStatus(resp.StatusCode), StatusCode: resp.StatusCode, RetryAfter: retryAfter(resp)}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	e.Code, e.Message = registryWords(resp.Header.Get("Content-Type"), body)
	if e.Code == "TOOMANYREQUESTS" {
		e.Kind = failure.RateLimited
	}
	if who == nil {
		e.Elsewhere = true
	} else {
		who.describe(e)
	}
	return e
}

func kindOfStatus(status int) failure.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return failure.Unauthorized
	case status == http.StatusForbidden:
		return failure.Forbidden
	case status == http.StatusNotFound:
		return failure.NotFound
	case status == http.StatusTooManyRequests:
		return failure.RateLimited
	case status == http.StatusRequestTimeout:
		return failure.Timeout
	case status >= 500:
		return failure.Unavailable
	}
	return failure.Protocol
}

// registryWords takes code and message out of an error body (OCI distribution-spec, section Error Codes), or a plain text.
func registryWords(contentType string, body []byte) (code, message string) {
	var errs struct {
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &errs) == nil && len(errs.Errors) > 0 {
		return errs.Errors[0].Code, errs.Errors[0].Message
	}
	if strings.HasPrefix(contentType, "text/plain") {
		return "", string(body)
	}
	return "", ""
}
