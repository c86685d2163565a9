package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// Blob reads one blob beside an image: a layer, or what an artifact holds, such as a table of
// contents. It reads at any offset, or the whole, and is safe for concurrent use.
//
// The context is kept because io.ReaderAt has none: all reads end with it.
type Blob struct {
	reader   imageReader
	ctx      context.Context
	layer    Layer
	cost     transport.Cost
	location transport.Location
	invalid  error

	ignoresRange  atomic.Bool // answered a request for a range with the whole
	refusesRanges atomic.Bool // answered a request for several ranges with an error, or not at all
	unanswered    atomic.Bool // not at all, and no range was read since
}

// Blob returns access to the bytes of a layer, or of an artifact's blob. It makes no request.
func (c *Client) Blob(ctx context.Context, image *Image, layer Layer) *Blob {
	b := &Blob{ctx: ctx, layer: layer}
	b.reader, b.invalid = c.readerOfImage(image)
	if _, err := v1.NewHash(layer.Digest); b.invalid == nil && (err != nil || layer.Size < 0) {
		b.invalid = &failure.Error{
			Image: image.Reference, Kind: failure.Malformed, Err: errors.New("a layer without a valid digest and size"),
		}
	}
	return b
}

// Stats returns what reading has cost so far: bytes of bodies, and requests with their redirects,
// retries and tokens.
func (b *Blob) Stats() (bytes, requests int64) { return b.cost.Bytes(), b.cost.Requests() }

func (b *Blob) describeError(err error) error {
	return b.reader.describeError(err, "reading layer "+b.layer.Digest)
}

// ReadAt reads len(p) bytes at off with one Range request, or what there is before the end together
// with io.EOF. After an answer with the whole blob every later ReadAt is failure.RangeIgnored
// without a request. That shows nothing about other blobs: a pull-through cache (CNCF Distribution
// 3.1.2) serves ranges of what it holds, and the whole of what it fetches.
func (b *Blob) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case b.invalid != nil:
		return 0, b.invalid
	case off < 0:
		return 0, b.describeError(failure.New(failure.Protocol, "a negative offset"))
	case len(p) == 0:
		return 0, nil
	case off >= b.layer.Size:
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), b.layer.Size-off)]
	n, err := b.readRange(want, off)
	if err != nil {
		return n, b.describeError(err)
	}
	if len(want) < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readRange fills want with the bytes at off.
func (b *Blob) readRange(want []byte, off int64) (int, error) {
	last := off + int64(len(want)) - 1
	content, err := b.reader.repository.OpenContent(b.ctx, int64(len(want)),
		func(ctx context.Context, offset int64) (*http.Response, error) {
			return b.openRange(ctx, off+offset, last)
		})
	if err != nil {
		return 0, err
	}
	defer func() { _ = content.Close() }()
	n, err := io.ReadFull(content, want)
	if err == nil {
		b.confirmOneRange()
	}
	return n, err
}

// openRange requests the bytes from first to last, both included, and accepts no others.
func (b *Blob) openRange(ctx context.Context, first, last int64) (*http.Response, error) {
	if isWhole := first == 0 && last == b.layer.Size-1; !isWhole && b.ignoresRange.Load() {
		return nil, &failure.Error{Kind: failure.RangeIgnored}
	}
	resp, err := b.sendRequest(ctx, transport.Request{
		Header:    http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", first, last)}},
		NeedsPart: first > 0 || last < b.layer.Size-1,
	})
	if err != nil {
		if errors.Is(err, failure.RangeIgnored) {
			b.ignoresRange.Store(true)
		}
		return nil, err
	}
	if err := b.checkRange(resp, first, last); err != nil {
		resp.Body.Close() // not drained: this may be the whole blob
		return nil, err
	}
	return resp, nil
}

// sendRequest requests the blob itself, as req says.
func (b *Blob) sendRequest(ctx context.Context, req transport.Request) (*http.Response, error) {
	req.Path, req.Location, req.Cost = "blobs/"+b.layer.Digest, &b.location, &b.cost
	return b.reader.repository.Send(ctx, req)
}

// checkRange compares an answer with the range that was asked for (RFC 9110, sections 14.4, 15.3.7
// and 15.5.17).
func (b *Blob) checkRange(resp *http.Response, first, last int64) error {
	size, host := b.layer.Size, resp.Request.URL.Host
	switch resp.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK:
		if err := transport.CheckPage(resp, b.layer.Size); err != nil {
			return err
		}
		if first == 0 && last == size-1 && resp.ContentLength == size {
			return nil // the whole was asked for, and a server may say so
		}
		b.ignoresRange.Store(true)
		return &failure.Error{Host: host, Kind: failure.RangeIgnored, StatusCode: resp.StatusCode}
	case http.StatusRequestedRangeNotSatisfiable:
		return &failure.Error{
			Host: host, Kind: failure.Malformed, StatusCode: resp.StatusCode,
			Err: fmt.Errorf("the manifest says %d bytes, and bytes %d to %d are not there", size, first, last),
		}
	default:
		return b.reader.repository.StatusError(resp)
	}
	text := resp.Header.Get("Content-Range")
	r, ok := parseContentRange(text)
	if ok && r.total >= 0 && r.total != size {
		return b.wrongSizeError(resp, r.total)
	}
	if !ok || r.first != first || r.last != last {
		return &failure.Error{
			Host: host, Kind: failure.Protocol, StatusCode: resp.StatusCode,
			Err: fmt.Errorf("bytes %d to %d of %d were asked for, Content-Range is %q", first, last, size, text),
		}
	}
	return nil
}

// contentRange is a parsed Content-Range; total is -1 when the server does not know it.
type contentRange struct{ first, last, total int64 }

// parseContentRange reads the form of a satisfied range (RFC 9110, section 14.4).
func parseContentRange(value string) (contentRange, bool) {
	unit, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	span, size, sized := strings.Cut(rest, "/")
	from, to, spanned := strings.Cut(span, "-")
	first, err1 := strconv.ParseUint(from, 10, 63)
	last, err2 := strconv.ParseUint(to, 10, 63)
	r := contentRange{int64(first), int64(last), -1}
	if !strings.EqualFold(unit, "bytes") || !sized || !spanned || err1 != nil || err2 != nil || last < first {
		return contentRange{}, false
	}
	if size != "*" {
		total, err := strconv.ParseUint(size, 10, 63)
		if err != nil || total <= last {
			return contentRange{}, false
		}
		r.total = int64(total)
	}
	return r, true
}
