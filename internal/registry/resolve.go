package registry

import (
	"context"
	"errors"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// readingManifest is the action of an error.
const readingManifest = "reading the manifest"

// Resolve reads what the registry has for a reference on one platform; "" stands for
// DefaultPlatform.
//
// A reference with a digest means that digest, whatever tag stands beside it. A tag costs one HEAD
// request when everything is kept, a digest that is kept costs none. Of an index, the entries are
// chosen that containerd would choose. A manifest that stands alone must be for the platform too,
// unless its configuration does not say: containerd would pull it and the Pod would fail to start.
func (c *Client) Resolve(ctx context.Context, written, onPlatform string) (*Image, error) {
	ref, err := parseReference(written)
	if err != nil {
		return nil, err
	}
	wanted, err := parsePlatform(onPlatform)
	if err != nil {
		return nil, failure.Complete(err, written, "", "")
	}
	r := c.readerOf(ref.repo, written)
	if r.repository.IsPending() {
		return nil, r.describeError(&failure.Error{Kind: failure.Pending}, readingManifest)
	}
	image, err := r.resolveImage(ctx, ref, wanted)
	if err != nil {
		return nil, r.describeError(r.markPending(err), readingManifest)
	}
	return image, nil
}

// markPending returns failure.Pending for a refusal that may be due to a configuration that is not
// known yet. Reading is tried without it all the same, since most images are public.
func (r imageReader) markPending(err error) error {
	var e *failure.Error
	if !r.client.hostsPending || r.repository.HasCredentials() || !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case failure.Unauthorized, failure.Forbidden, failure.NotFound, failure.Unreachable, failure.TLS:
		return &failure.Error{Image: e.Image, Host: e.Host, Action: e.Action, Kind: failure.Pending, Err: e}
	}
	return err
}

func (r imageReader) resolveImage(ctx context.Context, ref reference, wanted platform) (*Image, error) {
	top, err := r.readTop(ctx, ref)
	if err != nil {
		return nil, err
	}
	s := &search{reader: r, wanted: wanted}
	if err := s.searchDocument(ctx, top); err != nil {
		return nil, err
	}
	if s.first == nil {
		return nil, s.noPlatformError()
	}
	image, err := s.assembleImage()
	if err != nil {
		return nil, err
	}
	image.Reference, image.Repository, image.repo = ref.written, canonicalName(ref.repo), ref.repo
	image.Source = image.Repository
	if via := r.repository.Via(); via != r.repository.Host() {
		image.Source += " by way of " + via
	}
	return image, nil
}

// readTop reads what the reference itself names.
func (r imageReader) readTop(ctx context.Context, ref reference) (*document, error) {
	digest := ref.digest
	if digest == "" && r.client.manifests != nil { // else there is nothing that HEAD could save
		var err error
		if digest, err = r.headDigest(ctx, ref.tag); err != nil {
			return nil, err
		}
	}
	if digest != "" {
		doc, err := r.readManifest(ctx, digest, anySize)
		// Some registries answer HEAD with a digest that they do not know themselves.
		if ref.digest != "" || !errors.Is(err, failure.NotFound) {
			return doc, err
		}
	}
	answer, err := r.readDocument(ctx, documentRequest{
		path: "manifests/" + ref.tag, accept: accepted, resolves: true,
	})
	if err != nil {
		return nil, err
	}
	digest = digestOf(answer.Data, "")
	doc, err := r.parseTrusted(answer.Data, digest)
	if err != nil {
		return nil, failure.Complete(err, "", "", answer.Host)
	}
	r.storeDocument(digest, answer.Data)
	return doc, nil
}

// parseTrusted parses a document that repeats no secret where it would be stored.
func (r imageReader) parseTrusted(data []byte, digest string) (*document, error) {
	doc, err := parseDocument(data, digest)
	if err != nil {
		return nil, err
	}
	return doc, doc.refuseSecrets(data, r.client.secrets)
}

func (r imageReader) readManifest(ctx context.Context, digest string, size int64) (*document, error) {
	data, err := r.readVerified(ctx, digest, size, documentRequest{path: "manifests/" + digest, accept: accepted})
	if err != nil {
		return nil, err
	}
	return r.parseTrusted(data, digest)
}

func (r imageReader) readConfiguration(ctx context.Context, d v1.Descriptor) (*configuration, error) {
	digest := d.Digest.String()
	data, err := r.readVerified(ctx, digest, d.Size, documentRequest{path: "blobs/" + digest})
	if err != nil {
		return nil, r.describeError(err, "reading the configuration")
	}
	config, err := parseConfiguration(data)
	if err == nil && r.client.secrets.Holds(data) {
		err = refuseSecretDigests(config.RootFS.DiffIDs, r.client.secrets)
	}
	return config, r.describeError(err, "reading the configuration")
}
