package cloudapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"syscall"
)

// isPermanent reports whether the same try would fail again: names that do not exist, certificates
// that do not verify, a port without TLS.
func isPermanent(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	if IsPlainHTTP(err) {
		return true
	}
	var verify *tls.CertificateVerificationError
	var unknownAuthority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	return errors.As(err, &verify) || errors.As(err, &unknownAuthority) || errors.As(err, &hostname)
}

// IsPlainHTTP reports whether TLS was spoken to a port that does not speak it.
func IsPlainHTTP(err error) bool {
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return record || errors.Is(err, http.ErrSchemeMismatch)
}

// isTransientDial reports whether a connection could not be made for a reason that may pass.
func isTransientDial(err error) bool {
	if !isNeverSent(err) || isPermanent(err) {
		return false
	}
	var op *net.OpError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &op) && (op.Timeout() || op.Temporary())
}
