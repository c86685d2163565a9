package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// maxDocument bounds manifests, indexes and configurations (OCI distribution-spec, section Pushing
// Manifests: 4 MiB).
const maxDocument = 4 << 20

// accepted are the four kinds of manifest. A registry answers 404 for an OCI index, or a schema 1
// manifest with other digests, when these are not asked for.
var accepted = strings.Join([]string{
	string(types.OCIImageIndex), string(types.OCIManifestSchema1),
	string(types.DockerManifestList), string(types.DockerManifestSchema2),
}, ", ")

// imageReader reads what belongs to one image. Errors leave it by way of describeError.
type imageReader struct {
	client     *Client
	repository *transport.Repository
	facts      *hostFacts
	image      string // the reference as it is written
}

// describeError returns an error that names the image, the action and the host, without secrets.
func (r imageReader) describeError(err error, action string) error {
	return failure.Redact(failure.Complete(err, r.image, action, r.repository.Host()), r.client.secrets)
}

// headDigest asks for a tag's digest by HEAD, which does not count against the pull limits of
// public registries. It is "" where the registry does not answer this way; GET then returns the
// digest, or a better error.
func (r imageReader) headDigest(ctx context.Context, tag string) (string, error) {
	resp, err := r.repository.Send(ctx, transport.Request{
		Method: http.MethodHead, Path: "manifests/" + tag, Header: http.Header{"Accept": {accepted}}, Resolves: true,
	})
	if failed, typed := errors.AsType[*failure.Error](err); typed && isUnknownToHead(failed.StatusCode) {
		return "", nil // of several endpoints, which all failed
	}
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		digest, err := v1.NewHash(resp.Header.Get("Docker-Content-Digest"))
		if err != nil {
			return "", nil
		}
		return digest.String(), nil
	}
	if !isUnknownToHead(resp.StatusCode) {
		return "", r.repository.StatusError(resp)
	}
	return "", nil
}

// isUnknownToHead returns whether a GET may know more than a HEAD that ended with this status.
func isUnknownToHead(status int) bool {
	switch transport.KindOfStatus(status) {
	case failure.RateLimited:
		return false
	case failure.Unavailable:
		return status == http.StatusNotImplemented
	}
	return status != 0
}

// documentRequest is what to read of a repository, and how.
type documentRequest struct {
	path     string
	accept   string // media types, "" for any
	maxBytes int64  // 0 is maxDocument
	resolves bool   // a tag
	once     bool   // without retries
}

// readDocument reads a document whole.
func (r imageReader) readDocument(ctx context.Context, what documentRequest) (transport.Document, error) {
	header := http.Header{}
	if what.accept != "" {
		header.Set("Accept", what.accept)
	}
	return r.repository.ReadDocument(ctx, transport.Request{
		Path: what.path, Header: header, MaxBytes: cmp.Or(what.maxBytes, maxDocument),
		Resolves: what.resolves, Once: what.once,
	})
}

// readVerified returns the document of a digest: from the store if it is there, else from the
// registry, and then keeps it.
func (r imageReader) readVerified(
	ctx context.Context, digest string, size int64, what documentRequest,
) ([]byte, error) {
	if size > maxDocument {
		return nil, failure.New(
			failure.TooLarge, "it is announced with %d bytes, at most %d are read", size, maxDocument,
		)
	}
	if data, found := r.loadDocument(digest); found {
		return data, checkSize(data, size)
	}
	answer, err := r.readDocument(ctx, what)
	if err != nil {
		return nil, err
	}
	if actual := digestOf(answer.Data, digest); actual != digest {
		return nil, &failure.Error{
			Host: answer.Host, Kind: failure.DigestMismatch,
			Err: fmt.Errorf("%s was asked for, %s came", digest, actual),
		}
	}
	if err := checkSize(answer.Data, size); err != nil {
		return nil, err
	}
	r.storeDocument(digest, answer.Data)
	return answer.Data, nil
}

// anySize stands for a size that is not announced.
const anySize = -1

func checkSize(data []byte, announced int64) error {
	if announced != anySize && announced != int64(len(data)) {
		return malformedError("it has %d bytes and was announced with %d", len(data), announced)
	}
	return nil
}

func (r imageReader) loadDocument(digest string) ([]byte, bool) {
	if r.client.manifests == nil {
		return nil, false
	}
	data, found := r.client.manifests.Get(digest)
	return data, found && digestOf(data, digest) == digest
}

// storeDocument keeps no document that repeats a secret.
func (r imageReader) storeDocument(digest string, data []byte) {
	if r.client.manifests != nil && !r.client.secrets.Holds(data) {
		r.client.manifests.Put(digest, data)
	}
}
