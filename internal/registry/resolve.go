package registry

import (
	"context"
	"errors"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// Resolve reads what the registry has for a reference on one platform; "" stands for DefaultPlatform.
//
// A reference with a digest means that digest, whatever tag stands beside it. A tag costs one HEAD request when everything
// is kept, a digest that is kept costs none. Of an index, the entries are chosen that containerd would choose. A manifest that
// stands alone must be for the platform too, unless its configuration does not say: containerd would pull it and the Pod
// would fail to start.
func (c *Client) Resolve(ctx context.Context, written, onPlatform string) (*Image, error) {
	ref, err := parseReference(written)
	if err != nil {
		return nil, err
	}
	wanted, err := parsePlatform(onPlatform)
	if err != nil {
		return nil, failure.Complete(err, written, "", "")
	}
	r := imageReader{session: c.session(ref.repo), image: written}
	if r.registry.config.Pending {
		return nil, r.failed(&failure.Error{Kind: failure.Pending}, "reading the manifest")
	}
	image, err := r.resolve(ctx, ref, wanted)
	if err != nil {
		return nil, r.failed(r.perhapsPending(err), "reading the manifest")
	}
	return image, nil
}

// perhapsPending tells of a refusal as what it may be due to: what this host is read with is not known yet. Without that it is
// tried all the same, since most images are public.
func (r imageReader) perhapsPending(err error) error {
	var e *failure.Error
	if !r.client.pending || r.registry.config.Username != "" || !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case failure.Unauthorized, failure.Forbidden, failure.NotFound, failure.Unreachable, failure.TLS:
		return &failure.Error{Image: e.Image, Host: e.Host, Action: e.Action, Kind: failure.Pending, Err: e}
	}
	return err
}

func (r imageReader) resolve(ctx context.Context, ref reference, wanted platform) (*Image, error) {
	top, err := r.top(ctx, ref)
	if err != nil {
		return nil, err
	}
	s := &search{imageReader: r, wanted: wanted}
	if err := s.inDocument(ctx, top); err != nil {
		return nil, err
	}
	if s.first == nil {
		return nil, s.nothing()
	}
	image, err := s.image()
	if err != nil {
		return nil, err
	}
	image.Reference, image.Repository = ref.written, canonical(ref.repo)
	return image, nil
}

// top reads what the reference itself names.
func (r imageReader) top(ctx context.Context, ref reference) (*document, error) {
	digest := ref.digest
	if digest == "" && r.client.manifests != nil { // else there is nothing that HEAD could save
		var err error
		if digest, err = r.headDigest(ctx, ref.tag); err != nil {
			return nil, err
		}
	}
	if digest != "" {
		doc, err := r.manifest(ctx, digest, anySize)
		// Some registries give a digest by HEAD that they do not know themselves.
		if ref.digest != "" || !errors.Is(err, failure.NotFound) {
			return doc, err
		}
	}
	data, err := r.get(ctx, r.path("manifests", ref.tag), accepted, maxDocument)
	if err != nil {
		return nil, err
	}
	digest = digestOf(data, "")
	doc, err := r.document(data, digest)
	if err == nil {
		r.store(digest, data)
	}
	return doc, err
}

func (r imageReader) document(data []byte, digest string) (*document, error) {
	doc, err := parseDocument(data, digest)
	if err != nil {
		return nil, err
	}
	return doc, doc.refuseSecrets(data, r.client.secrets)
}

func (r imageReader) manifest(ctx context.Context, digest string, size int64) (*document, error) {
	data, err := r.byDigest(ctx, digest, size, r.path("manifests", digest), accepted)
	if err != nil {
		return nil, err
	}
	return r.document(data, digest)
}

func (r imageReader) configuration(ctx context.Context, d v1.Descriptor) (*configuration, error) {
	digest := d.Digest.String()
	data, err := r.byDigest(ctx, digest, d.Size, r.path("blobs", digest), "")
	if err != nil {
		return nil, r.failed(err, "reading the configuration")
	}
	config, err := parseConfiguration(data)
	if err == nil && r.client.secrets.Holds(data) {
		err = refuseSecretDigests(config.RootFS.DiffIDs, r.client.secrets)
	}
	return config, r.failed(err, "reading the configuration")
}
