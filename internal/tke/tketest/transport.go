package tketest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"syscall"
)

// Transport reaches the server without a network, which is what a test with a clock of its own
// (testing/synctest) has to do. The host of a request's URL does not matter. Lost connections are
// errors as they are on a network.
func (s *Server) Transport() http.RoundTripper { return inProcess{s} }

type inProcess struct{ server *Server }

func (t inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	served := req.Clone(req.Context())
	if served.Host == "" {
		served.Host = req.URL.Host
	}
	body, err := drainBody(req.Body)
	if err != nil {
		return nil, err
	}
	served.Body = io.NopCloser(bytes.NewReader(body))
	answered := make(chan *responseRecorder, 1)
	go func() { answered <- t.serveRequest(served) }()
	select {
	case <-req.Context().Done():
		return nil, req.Context().Err()
	case w := <-answered:
		return w.toResponse(req)
	}
}

// drainBody reads a body before the client may take it back.
func drainBody(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	defer func() { _ = body.Close() }()
	return io.ReadAll(body)
}

// serveRequest runs the handler, which panics to end a connection.
func (t inProcess) serveRequest(req *http.Request) (w *responseRecorder) {
	w = &responseRecorder{header: http.Header{}}
	defer func() {
		if cause := recover(); cause != nil {
			err, ok := cause.(error)
			if !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
		}
	}()
	t.server.ServeHTTP(w, req)
	return w
}

// responseRecorder keeps an answer.
type responseRecorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *responseRecorder) Header() http.Header { return w.header }

func (w *responseRecorder) WriteHeader(status int) { w.status = status }

func (w *responseRecorder) Write(data []byte) (int, error) { return w.body.Write(data) }

func (w *responseRecorder) toResponse(req *http.Request) (*http.Response, error) {
	if w.status == 0 {
		return nil, fmt.Errorf("read %s: %w", req.URL.Host, syscall.ECONNRESET)
	}
	length, _ := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64)
	var body io.Reader = &w.body
	if int64(w.body.Len()) < length {
		body = io.MultiReader(body, lostConnection{})
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, ContentLength: length, Body: io.NopCloser(body), Request: req,
	}, nil
}

// lostConnection is the end of a body whose connection was lost.
type lostConnection struct{}

func (lostConnection) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
