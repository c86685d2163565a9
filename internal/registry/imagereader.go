package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// maxDocument bounds manifests, indexes and configurations (OCI distribution-spec, section Pushing Manifests: 4 MiB).
const maxDocument = 4 << 20

// accepted are the four kinds of manifest. A registry answers 404 for an OCI index, or a schema 1 manifest with other
// digests, when these are not asked for.
var accepted = strings.Join([]string{
	string(types.OCIImageIndex), string(types.OCIManifestSchema1),
	string(types.DockerManifestList), string(types.DockerManifestSchema2),
}, ", ")

// imageReader reads what belongs to one image. Every error that leaves it passes failed, which names the image, the host, and what
// was being done, and redacts what others said.
type imageReader struct {
	*session
	image string
}

func (r imageReader) failed(err error, action string) error {
	return failure.Redact(failure.Complete(err, r.image, action, r.registry.host), r.client.secrets)
}

func (r imageReader) path(resource, identifier string) string {
	return "/v2/" + r.repo.RepositoryStr() + "/" + resource + "/" + identifier
}

// headDigest asks for a tag's digest by HEAD, which does not count against the pull limits of public registries. It is ""
// when the registry does not tell this way; GET then gives the digest, or a better error.
func (r imageReader) headDigest(ctx context.Context, tag string) (string, error) {
	got, err := r.ask(ctx, http.MethodHead, r.path("manifests", tag), http.Header{"Accept": {accepted}})
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	switch {
	case got.StatusCode == http.StatusOK:
		digest, err := v1.NewHash(got.Header.Get("Docker-Content-Digest"))
		if err != nil {
			return "", nil
		}
		return digest.String(), nil
	case kindOfStatus(got.StatusCode) == failure.RateLimited, kindOfStatus(got.StatusCode) == failure.Unavailable && got.StatusCode != http.StatusNotImplemented:
		return "", r.answerError(got)
	}
	return "", nil
}

// get reads a document whole.
func (r imageReader) get(ctx context.Context, path, accept string, limit int64) ([]byte, error) {
	header := http.Header{}
	if accept != "" {
		header.Set("Accept", accept)
	}
	return r.client.wholeBody(ctx, r.registry.host, limit, func(ctx context.Context) (*http.Response, error) {
		got, err := r.ask(ctx, http.MethodGet, path, header)
		if err != nil {
			return nil, err
		}
		if got.StatusCode != http.StatusOK {
			return nil, r.answerError(got)
		}
		return got.Response, nil
	})
}

// byDigest gives a document that must have this digest: from the store when it is there, else from the registry, and then kept.
func (r imageReader) byDigest(ctx context.Context, digest string, size int64, path, accept string) ([]byte, error) {
	if size > maxDocument {
		return nil, &failure.Error{Kind: failure.TooLarge, Err: fmt.Errorf("it is announced with %d bytes, at most %d are read", size, maxDocument)}
	}
	if data, found := r.stored(digest); found {
		return data, r.sized(data, size)
	}
	data, err := r.get(ctx, path, accept, maxDocument)
	if err != nil {
		return nil, err
	}
	if actual := digestOf(data, digest); actual != digest {
		return nil, &failure.Error{Kind: failure.DigestMismatch, Err: fmt.Errorf("%s was asked for, %s came", digest, actual)}
	}
	if err := r.sized(data, size); err != nil {
		return nil, err
	}
	r.store(digest, data)
	return data, nil
}

// anySize stands for a size that nobody announced.
const anySize = -1

func (r imageReader) sized(data []byte, announced int64) error {
	if announced != anySize && announced != int64(len(data)) {
		return malformed("it has %d bytes and was announced with %d", len(data), announced)
	}
	return nil
}

func (r imageReader) stored(digest string) ([]byte, bool) {
	if r.client.manifests == nil {
		return nil, false
	}
	data, found := r.client.manifests.Get(digest)
	return data, found && digestOf(data, digest) == digest
}

// store keeps no document that repeats a secret.
func (r imageReader) store(digest string, data []byte) {
	if r.client.manifests != nil && !r.client.secrets.Holds(data) {
		r.client.manifests.Put(digest, data)
	}
}

// wholeBody makes a request and reads its answer: no longer than limit, and not for ever.
func (c *Client) wholeBody(ctx context.Context, host string, limit int64, request func(context.Context) (*http.Response, error)) ([]byte, error) {
	var data []byte
	err := c.repeatBroken(ctx, func() error {
		var err error
		data, err = c.wholeBodyOnce(ctx, host, limit, request)
		return err
	})
	return data, err
}

func (c *Client) wholeBodyOnce(ctx context.Context, host string, limit int64, request func(context.Context) (*http.Response, error)) ([]byte, error) {
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	resp, err := request(bounded)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	lengthy := time.AfterFunc(c.limits.DocumentTimeout, func() { cancel(errLengthy) })
	defer lengthy.Stop()
	if resp.ContentLength > limit {
		return nil, &failure.Error{Host: host, Kind: failure.TooLarge, Err: fmt.Errorf("%d bytes, at most %d are read", resp.ContentLength, limit)}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, bodyError(ctx, host, err)
	}
	if int64(len(data)) > limit {
		return nil, &failure.Error{Host: host, Kind: failure.TooLarge, Err: fmt.Errorf("more than %d bytes", limit)}
	}
	return data, nil
}

// repeatBroken repeats what failed because a connection broke in the middle of an answer, which the layer of retries cannot
// see: it is done when the answer begins.
func (c *Client) repeatBroken(ctx context.Context, do func() error) error {
	for attempt := 0; ; attempt++ {
		err := do()
		if err == nil || !isBroken(err) || attempt >= c.retry.Max || hasOneAttempt(ctx) {
			return err
		}
		if c.retry.sleep(ctx, attempt) != nil {
			return err
		}
	}
}
