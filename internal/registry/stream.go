package registry

import (
	"context"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// Open reads the blob from its start. A connection that breaks is resumed where it broke; the end
// of the stream comes only after as many bytes as the manifest says, and when they match the
// digest. The stream serves one reader, and may be closed at any time.
func (b *Blob) Open() (io.ReadCloser, error) {
	if b.invalid != nil {
		return nil, b.invalid
	}
	digest, err := v1.NewHash(b.layer.Digest)
	if err != nil {
		return nil, err
	}
	hasher, err := v1.Hasher(digest.Algorithm)
	if err != nil {
		return nil, err
	}
	content, err := b.reader.repository.OpenContent(b.ctx, b.layer.Size, b.openFrom)
	if err != nil {
		return nil, b.describeError(err)
	}
	return &stream{blob: b, algorithm: digest.Algorithm, hasher: hasher, content: content}, nil
}

// openFrom requests the blob from an offset to its end.
func (b *Blob) openFrom(ctx context.Context, offset int64) (*http.Response, error) {
	if offset > 0 {
		return b.openRange(ctx, offset, b.layer.Size-1)
	}
	resp, err := b.sendRequest(ctx, transport.Request{})
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, b.reader.repository.StatusError(resp)
	}
	if err := b.checkWhole(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// checkWhole returns an error for an answer in place of the whole blob that cannot be it.
func (b *Blob) checkWhole(resp *http.Response) error {
	if err := transport.CheckPage(resp, b.layer.Size); err != nil {
		return err
	}
	if resp.ContentLength >= 0 && resp.ContentLength != b.layer.Size {
		return b.wrongSizeError(resp, resp.ContentLength)
	}
	return nil
}

// wrongSizeError is the error of an answer that shows another size than the manifest says.
func (b *Blob) wrongSizeError(resp *http.Response, size int64) error {
	return &failure.Error{
		Host: resp.Request.URL.Host, Kind: failure.Malformed,
		Err: fmt.Errorf("%w: it says %d bytes, and there are %d", failure.ErrWrongSize, b.layer.Size, size),
	}
}

// stream is the whole blob, verified at its end.
type stream struct {
	blob      *Blob
	algorithm string
	hasher    hash.Hash
	content   *transport.Content
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.content.Read(p)
	s.hasher.Write(p[:n])
	switch err {
	case nil:
		return n, nil
	case io.EOF: //nolint:errorlint // a failure may have this as its cause
		return n, s.verifyDigest()
	}
	return n, s.blob.describeError(err)
}

// verifyDigest returns io.EOF if the bytes match the digest.
func (s *stream) verifyDigest() error {
	actual := s.algorithm + ":" + hex.EncodeToString(s.hasher.Sum(nil))
	if actual == s.blob.layer.Digest {
		return io.EOF
	}
	return s.blob.describeError(&failure.Error{
		Host: s.content.Host(), Kind: failure.DigestMismatch, Err: fmt.Errorf("the content is %s", actual),
	})
}

// Close may be called at any time, also while Read waits, and more than once.
func (s *stream) Close() error { return s.content.Close() }
