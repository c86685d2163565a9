package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// connectLink makes a request over a connection that is right for its host: with the host's TLS
// settings, and to an address that is allowed.
type connectLink struct {
	destinations destinations
	connections  *connections
	userAgent    string
}

func (l *connectLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	if l.showsCertificate(req) {
		ctx = traceAddress(ctx, l.destinations.registry)
	}
	made, err := l.newRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	resp, err := l.connections.choose(l.destinations.connectionTo(req.url), req.url).RoundTrip(made)
	if err != nil {
		return nil, explainSchemeMismatch(err)
	}
	resp.Request = made
	return resp, nil
}

func (l *connectLink) newRequest(ctx context.Context, req Request) (*http.Request, error) {
	var body io.Reader
	if req.Body != "" {
		body = strings.NewReader(req.Body)
	}
	made, err := http.NewRequestWithContext(ctx, cmp.Or(req.Method, http.MethodGet), req.url.String(), body)
	if err != nil { // its text has the URL
		return nil, &failure.Error{
			Host: req.url.Host, Kind: failure.Protocol, Err: errors.New("its address is not a valid URL"),
		}
	}
	made.Header.Set("User-Agent", l.userAgent)
	if registry := l.destinations.registry; registry.isOrigin(req.url) {
		maps.Copy(made.Header, registry.header)
	}
	maps.Copy(made.Header, req.Header)
	// Without this, net/http would ask for gzip and unpack it: blobs must arrive as they are.
	made.Header.Set("Accept-Encoding", "identity")
	return made, nil
}

// showsCertificate returns whether the connection leads to the registry itself, and by a
// certificate for its name.
func (l *connectLink) showsCertificate(req Request) bool {
	registry := l.destinations.registry
	return req.url.Scheme == "https" && req.url.Host == registry.host &&
		!registry.config.InsecureSkipVerify && l.connections.isDirect(req.url)
}

// traceAddress remembers where the registry shows its certificate.
func traceAddress(ctx context.Context, registry *endpoint) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if remote, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String()); err == nil {
			addr := remote.Addr().Unmap()
			registry.shownAt.Store(&addr)
		}
	}})
}

// explainSchemeMismatch names the failure of a TLS handshake with a server of plain HTTP, as
// http.Client does.
func explainSchemeMismatch(err error) error {
	header, ok := errors.AsType[tls.RecordHeaderError](err)
	if ok && string(header.RecordHeader[:]) == "HTTP/" {
		return http.ErrSchemeMismatch
	}
	return err
}
