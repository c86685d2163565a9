package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// meter stands in front of the registry and counts what the provider, told by its user agent, reads
// through it.
type meter struct {
	host            string
	server          *http.Server
	bytes, requests atomic.Int64
}

func newMeter(registryHost string) (*meter, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &meter{host: listener.Addr().String()}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: registryHost})
			r.Out.Host = r.In.Host // the registry writes locations with the name that it was called by
		},
		ModifyResponse: func(response *http.Response) error {
			if strings.HasPrefix(response.Request.UserAgent(), "terraform-provider-tkeimage/") {
				m.requests.Add(1)
				response.Body = &counted{ReadCloser: response.Body, bytes: &m.bytes}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	m.server = &http.Server{Handler: proxy, ReadHeaderTimeout: time.Minute}
	go func() { _ = m.server.Serve(listener) }()
	return m, nil
}

// reset forgets what was counted.
func (m *meter) reset() {
	m.bytes.Store(0)
	m.requests.Store(0)
}

func (m *meter) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if m.server.Shutdown(ctx) != nil {
		_ = m.server.Close()
	}
}

type counted struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}
