package cloudapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"syscall"
)

// isPermanent reports whether the same try would fail again: names that do not exist, certificates
// that do not verify.
func isPermanent(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	var verify *tls.CertificateVerificationError
	var unknownAuthority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	return errors.As(err, &verify) || errors.As(err, &unknownAuthority) || errors.As(err, &hostname)
}

// isTransientDial reports whether a connection could not be made for a reason that may pass.
func isTransientDial(err error) bool {
	if !isNeverSent(err) || isPermanent(err) {
		return false
	}
	var op *net.OpError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &op) && (op.Timeout() || op.Temporary())
}
