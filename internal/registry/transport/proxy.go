package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// checkProxyAnswer makes a failure of what a proxy says to CONNECT, which net/http would report as
// an error of the host behind it.
func checkProxyAnswer(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &failure.Error{
		Kind: failure.Proxy, Proxy: proxy.Host, StatusCode: resp.StatusCode,
	}
}

// unreachedProxy returns the address of a proxy that could not be reached.
func unreachedProxy(err error) (address string, is bool) {
	failed, ok := errors.AsType[*net.OpError](err)
	if !ok || failed.Op != "proxyconnect" {
		return "", false
	}
	if dial, ok := errors.AsType[*net.OpError](failed.Err); ok && dial.Addr != nil {
		return dial.Addr.String(), true
	}
	return "", true
}
