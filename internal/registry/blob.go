package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// locationLife is how long the address that a registry redirected to is used again. Presigned URLs live for minutes; a
// probe of one layer takes seconds, and saves half of its requests.
const locationLife = 30 * time.Second

// Blob reads one blob beside an image: a layer, or what an artifact holds, such as a table of contents. It reads at any place,
// or the whole, and is safe for concurrent use.
//
// The context is kept because io.ReaderAt has none: all reads end with it.
type Blob struct {
	imageReader
	ctx      context.Context
	layer    Layer
	cost     *counter
	invalid  error
	location atomic.Pointer[location]

	refusesRanges atomic.Bool // answered a request for several ranges with an error, or not at all
	unanswered    atomic.Bool // not at all, and no range was read since
}

// location is where the registry keeps the bytes, for a while.
type location struct {
	url   *url.URL
	until time.Time
}

// Blob gives access to the bytes of a layer, or of an artifact's blob. It makes no request.
func (c *Client) Blob(ctx context.Context, image *Image, layer Layer) *Blob {
	b := &Blob{layer: layer, cost: new(counter)}
	b.ctx = withCounter(ctx, b.cost)
	reader, err := c.readerOf(image)
	if err != nil {
		b.invalid = err
		return b
	}
	if _, err := v1.NewHash(layer.Digest); err != nil || layer.Size < 0 {
		b.invalid = &failure.Error{Image: image.Reference, Kind: failure.Malformed, Err: errors.New("a layer without a valid digest and size")}
		return b
	}
	b.imageReader = reader
	return b
}

// Stats tells what reading has cost so far: bytes of bodies, and requests with their redirects, retries and tokens.
func (b *Blob) Stats() (bytes, requests int64) {
	return b.cost.bytes.Load(), b.cost.requests.Load()
}

func (b *Blob) failed(err error) error {
	return b.imageReader.failed(err, "reading layer "+b.layer.Digest)
}

// ReadAt reads len(p) bytes at off with one Range request, or what there is before the end together with io.EOF. A registry
// that answers with the whole blob is remembered, and every later ReadAt from it is failure.RangeIgnored without a request.
func (b *Blob) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case b.invalid != nil:
		return 0, b.invalid
	case off < 0:
		return 0, b.failed(&failure.Error{Kind: failure.Protocol, Err: errors.New("a negative offset")})
	case len(p) == 0:
		return 0, nil
	case off >= b.layer.Size:
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), b.layer.Size-off)]
	n, err := b.fill(want, off)
	if err != nil {
		return n, b.failed(err)
	}
	if len(want) < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// fill resumes a range whose connection breaks at the place that it came to.
func (b *Blob) fill(want []byte, off int64) (int, error) {
	got, patience := 0, b.patience(b.ctx)
	for {
		n, err := b.fillOnce(want[got:], off+int64(got))
		got += n
		if err == nil {
			b.confirmOneRange()
			return got, nil
		}
		if again := patience.after(err, n > 0); again != nil {
			return got, again
		}
	}
}

func (b *Blob) fillOnce(want []byte, off int64) (int, error) {
	got, err := b.openRange(b.ctx, off, off+int64(len(want))-1)
	if err != nil {
		return 0, err
	}
	defer got.Body.Close()
	n, err := io.ReadFull(got.Body, want)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // the answer promised more
	}
	if err != nil {
		return n, bodyError(b.ctx, got.from.Host, err)
	}
	return n, nil
}

// openRange asks for the bytes from first to last, both included, and takes no others.
func (b *Blob) openRange(ctx context.Context, first, last int64) (*answer, error) {
	if whole := first == 0 && last == b.layer.Size-1; !whole && b.registry.ignoresRange.Load() {
		return nil, &failure.Error{Kind: failure.RangeIgnored}
	}
	got, err := b.request(ctx, http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", first, last)}})
	if err != nil {
		return nil, err
	}
	if err := b.checkRange(got, first, last); err != nil {
		got.Body.Close() // not drained: this may be the whole blob
		return nil, err
	}
	return got, nil
}

// checkRange holds an answer against the range asked for (RFC 9110, sections 14.4, 15.3.7 and 15.5.17).
func (b *Blob) checkRange(got *answer, first, last int64) error {
	size := b.layer.Size
	switch got.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK:
		if first == 0 && last == size-1 && got.ContentLength == size {
			return nil // the whole was asked for, and a server may say so
		}
		b.registry.ignoresRange.Store(true)
		return &failure.Error{Host: got.from.Host, Kind: failure.RangeIgnored, StatusCode: got.StatusCode}
	case http.StatusRequestedRangeNotSatisfiable:
		return &failure.Error{Host: got.from.Host, Kind: failure.Malformed, StatusCode: got.StatusCode,
			Err: fmt.Errorf("the manifest says %d bytes, and bytes %d to %d are not there", size, first, last)}
	default:
		return b.answerError(got)
	}
	r, ok := parseContentRange(got.Header.Get("Content-Range"))
	if !ok || r.first != first || r.last != last || r.total >= 0 && r.total != size {
		return &failure.Error{Host: got.from.Host, Kind: failure.Protocol, StatusCode: got.StatusCode, Err: fmt.Errorf(
			"bytes %d to %d of %d were asked for, Content-Range is %q", first, last, size, got.Header.Get("Content-Range"))}
	}
	return nil
}

// request asks where the registry last redirected to, if that was just now and still serves, or else the registry.
func (b *Blob) request(ctx context.Context, header http.Header) (*answer, error) {
	if at := b.location.Load(); at != nil && time.Now().Before(at.until) {
		resp, err := b.send(ctx, request{method: http.MethodGet, url: at.url, header: header})
		if err == nil && bringsContent(resp) {
			return &answer{Response: resp, from: at.url}, nil
		}
		if err == nil {
			discard(resp)
		}
		b.location.Store(nil)
	}
	got, err := b.ask(ctx, http.MethodGet, b.path("blobs", b.layer.Digest), header)
	if err == nil && bringsContent(got.Response) && !sameOrigin(got.from, b.registry.origin()) {
		b.location.Store(&location{url: got.from, until: time.Now().Add(locationLife)})
	}
	return got, err
}

func bringsContent(resp *http.Response) bool {
	return resp.StatusCode == http.StatusPartialContent || resp.StatusCode == http.StatusOK
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
