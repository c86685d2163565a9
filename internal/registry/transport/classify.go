package transport

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
	"regexp"
	"strings"
	"syscall"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// maxErrorBody bounds how much of a failed answer is read.
const maxErrorBody = 16 << 10

// classifyError returns the failure of a request that had no answer, or whose answer broke off.
func classifyError(ctx context.Context, host string, err error) error {
	if own, typed := errors.AsType[*failure.Error](err); typed {
		return failure.Complete(own, "", "", host)
	}
	kind := failure.Unreachable
	proxy, isProxy := unreachedProxy(err)
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled), errors.Is(err, context.Canceled):
		kind = failure.Canceled
	case ctx.Err() != nil:
		kind = failure.Timeout
	case isProxy:
		kind = failure.Proxy
	case isTimeout(err):
		kind = failure.Timeout
	case isTLS(err):
		kind = failure.TLS
	}
	return &failure.Error{Host: host, Kind: kind, Proxy: proxy, Err: withoutURL(err)}
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

// BodyError returns the failure to read an answer's body. Another connection may do better, unless
// the body timed out or the caller canceled.
func BodyError(ctx context.Context, resp *http.Response, err error) error {
	var timeout timeoutError
	if ctx.Err() == nil && !errors.As(err, &timeout) {
		err = &brokenError{withoutURL(err)}
	}
	return classifyError(ctx, resp.Request.URL.Host, err)
}

// IsBroken returns whether the connection broke in the middle of an answer.
func IsBroken(err error) bool {
	var broken *brokenError
	return errors.As(err, &broken)
}

// IsUnanswered returns whether a request had a connection and no answer: it broke or timed out
// before.
func IsUnanswered(err error) bool {
	failed, typed := errors.AsType[*failure.Error](err)
	return typed && failed.StatusCode == 0 && (failed.Kind == failure.Unreachable || failed.Kind == failure.Timeout) &&
		!IsBroken(err) && !errors.Is(err, errStalled) && !isUnconnected(err)
}

// isUnconnected returns whether there was no connection, to the host or its proxy.
func isUnconnected(err error) bool {
	failed, typed := errors.AsType[*net.OpError](err)
	return typed && (failed.Op == "dial" || failed.Op == "proxyconnect")
}

// isTimeout returns whether the host took too long.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
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

// wantsTLS is what servers with TLS answer to a request of plain HTTP: Go's, nginx, Apache.
var wantsTLS = regexp.MustCompile(`(?i)HTTP request (?:was sent )?to an? HTTPS (?:server|port)|` +
	`plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled server port`)

// statusError returns what a failed answer means, and closes it. auth is nil for an answer of a
// host that was sent no credentials.
func statusError(resp *http.Response, auth *authLink) error {
	defer resp.Body.Close()
	e := &failure.Error{
		Host: resp.Request.URL.Host, Kind: KindOfStatus(resp.StatusCode),
		StatusCode: resp.StatusCode, RetryAfter: retryAfter(resp),
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	e.Code, e.Message = parseErrorBody(resp.Header, body)
	if resp.StatusCode == http.StatusBadRequest && resp.Request.URL.Scheme == "http" && wantsTLS.Match(body) {
		e.Kind, e.Message, e.Err = failure.TLS, "", failure.ErrWantsTLS
	}
	if e.Code == "TOOMANYREQUESTS" {
		e.Kind = failure.RateLimited
	}
	if auth == nil {
		e.Elsewhere = true
	} else {
		auth.describeCredentials(e)
	}
	return e
}

// KindOfStatus returns the kind of failure that a status code stands for.
func KindOfStatus(status int) failure.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return failure.Unauthorized
	case status == http.StatusForbidden:
		return failure.Forbidden
	case status == http.StatusNotFound:
		return failure.NotFound
	case status == http.StatusTooManyRequests:
		return failure.RateLimited
	case status == http.StatusProxyAuthRequired:
		return failure.Proxy
	case status == http.StatusRequestTimeout:
		return failure.Timeout
	case status >= 500:
		return failure.Unavailable
	}
	return failure.Protocol
}

// parseErrorBody takes code and message out of an error body (OCI distribution-spec, section Error
// Codes), or a plain text.
func parseErrorBody(header http.Header, body []byte) (code, message string) {
	var errs struct {
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &errs) == nil && len(errs.Errors) > 0 {
		return errs.Errors[0].Code, errs.Errors[0].Message
	}
	switch {
	case isWebPage(header, body):
		return "", describePage(body)
	case strings.HasPrefix(header.Get("Content-Type"), "text/plain"):
		return "", string(body)
	}
	return "", ""
}
