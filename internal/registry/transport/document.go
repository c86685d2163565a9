package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// readWhole reads the body of an answer, which the limitLink ends in time, and puts the bytes in
// its place.
func readWhole(ctx context.Context, resp *http.Response, limit int64) error {
	defer resp.Body.Close()
	host := resp.Request.URL.Host
	if resp.ContentLength > limit {
		return &failure.Error{
			Host: host, Kind: failure.TooLarge,
			Err: fmt.Errorf("%d bytes, at most %d are read", resp.ContentLength, limit),
		}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return BodyError(ctx, resp, err)
	}
	if int64(len(data)) > limit {
		return &failure.Error{Host: host, Kind: failure.TooLarge, Err: fmt.Errorf("more than %d bytes", limit)}
	}
	if isWebPage(resp.Header, data) {
		return pageError(resp, data)
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return nil
}

// discardBody reads the little that an answer without interest has, so that its connection can be
// used again.
func discardBody(resp *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxErrorBody))
	resp.Body.Close()
}
