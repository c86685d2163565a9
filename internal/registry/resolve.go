package registry

import (
	"context"
	"errors"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	// maxIndexDepth is how deep indexes may nest; images have one, and tools that copy them make two.
	maxIndexDepth = 4
	// maxDocuments bounds what is fetched to find one platform's manifest, among entries that do not say theirs.
	maxDocuments = 32
	// maxSeen bounds the platforms that an error carries: an index may list thousands.
	maxSeen = 256
)

// Resolve reads what the registry has for a reference on one platform; "" stands for DefaultPlatform.
//
// A reference with a digest means that digest, whatever tag stands beside it. A tag costs one HEAD request when everything
// is kept, a digest that is kept costs none. Of an index, the entry is chosen that containerd would choose. A manifest that
// stands alone must be for the platform too, unless its configuration does not say: containerd would pull it and the Pod
// would fail to start.
func (c *Client) Resolve(ctx context.Context, written, onPlatform string) (*Image, error) {
	ref, err := parseReference(written)
	if err != nil {
		return nil, err
	}
	wanted, err := parsePlatform(onPlatform)
	if err != nil {
		return nil, fillIn(err, written, "", "")
	}
	r := imageReader{session: c.session(ref.repo), image: written}
	if r.registry.config.Pending {
		return nil, r.failed(&Error{Kind: KindPending}, "reading the manifest")
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
	var e *Error
	if !r.client.pending || r.registry.config.Username != "" || !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case KindUnauthorized, KindForbidden, KindNotFound, KindUnreachable, KindTLS:
		return &Error{Image: e.Image, Host: e.Host, Action: e.Action, Kind: KindPending, Err: errors.New(e.Outcome())}
	}
	return err
}

func (r imageReader) resolve(ctx context.Context, ref reference, wanted platform) (*Image, error) {
	top, err := r.top(ctx, ref)
	if err != nil {
		return nil, err
	}
	s := &search{imageReader: r, wanted: wanted}
	found, err := s.in(ctx, top, 0)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, &Error{Kind: KindNoPlatform, Platform: wanted.String(), Platforms: s.seen}
	}
	if err := checkLayerTypes(found.manifest.layers); err != nil {
		return nil, err
	}
	layers, err := stacked(found.manifest.layers, found.config.RootFS.DiffIDs)
	if err != nil {
		return nil, err
	}
	return &Image{
		Reference: ref.written, Repository: canonical(ref.repo), Digest: found.manifest.digest,
		Platform: found.platform.String(), Metadata: found.metadata(), Layers: layers,
		Annotations: found.manifest.annotations(),
	}, nil
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
		if ref.digest != "" || !errors.Is(err, KindNotFound) {
			return doc, err
		}
	}
	data, err := r.get(ctx, r.path("manifests", ref.tag), accepted, maxDocument)
	if err != nil {
		return nil, err
	}
	digest = digestOf(data, "")
	doc, err := parseDocument(data, digest)
	if err == nil {
		r.store(digest, data)
	}
	return doc, err
}

func (r imageReader) manifest(ctx context.Context, digest string, size int64) (*document, error) {
	data, err := r.byDigest(ctx, digest, size, r.path("manifests", digest), accepted)
	if err != nil {
		return nil, err
	}
	return parseDocument(data, digest)
}

func (r imageReader) configuration(ctx context.Context, d v1.Descriptor) (*configuration, error) {
	digest := d.Digest.String()
	data, err := r.byDigest(ctx, digest, d.Size, r.path("blobs", digest), "")
	if err != nil {
		return nil, r.failed(err, "reading the configuration")
	}
	config, err := parseConfiguration(data)
	return config, r.failed(err, "reading the configuration")
}

// search looks for one platform's manifest.
type search struct {
	imageReader
	wanted  platform
	seen    []string // platforms there are
	fetched int
}

// found is a manifest with its configuration, and the indexes that led to it, the nearest first.
type found struct {
	manifest *document
	config   *configuration
	platform platform
	indexes  []*document
}

func (f *found) metadata() []Descriptor {
	list := make([]Descriptor, 0, len(f.indexes)+2)
	for _, index := range slices.Backward(f.indexes) {
		list = append(list, index.descriptor())
	}
	config := f.manifest.config
	return append(list, f.manifest.descriptor(),
		Descriptor{Digest: config.Digest.String(), MediaType: string(config.MediaType), Size: config.Size})
}

// in looks in a document for the platform; nil without an error means that it is not there.
func (s *search) in(ctx context.Context, doc *document, depth int) (*found, error) {
	if !doc.isIndex {
		return s.inManifest(ctx, doc, nil)
	}
	if depth >= maxIndexDepth {
		return nil, &Error{Kind: KindTooLarge, Err: errors.New("its indexes nest too deeply")}
	}
	for _, entry := range s.ordered(doc.entries) {
		if s.fetched++; s.fetched > maxDocuments {
			return nil, &Error{Kind: KindTooLarge, Err: errors.New("its indexes have too many entries without a platform")}
		}
		child, err := s.manifest(ctx, entry.Digest.String(), entry.Size)
		if err != nil {
			return nil, err
		}
		var hit *found
		if label, known := ofDescriptor(entry); known && !child.isIndex {
			hit, err = s.inManifest(ctx, child, &label)
		} else {
			hit, err = s.in(ctx, child, depth+1)
		}
		if err != nil {
			return nil, err
		}
		if hit != nil {
			hit.indexes = append(hit.indexes, doc)
			return hit, nil
		}
	}
	return nil, nil
}

// inManifest takes the platform that an index gave the manifest, or else that of its configuration.
func (s *search) inManifest(ctx context.Context, doc *document, label *platform) (*found, error) {
	config, err := s.configuration(ctx, doc.config)
	if err != nil {
		return nil, err
	}
	if label != nil {
		return &found{manifest: doc, config: config, platform: *label}, nil
	}
	have, known := config.platform()
	if !known {
		return &found{manifest: doc, config: config, platform: s.wanted}, nil
	}
	if s.wanted.rank(have) < 0 {
		s.saw(have)
		return nil, nil
	}
	return &found{manifest: doc, config: config, platform: have}, nil
}

// ordered gives the entries of an index that may serve, the best first and those without a platform last.
func (s *search) ordered(entries []v1.Descriptor) []v1.Descriptor {
	ranks := len(s.wanted.candidates())
	byRank := make([][]v1.Descriptor, ranks+1)
	for _, entry := range entries {
		if notForRunning(entry) || entry.MediaType != "" && !entry.MediaType.IsImage() && !entry.MediaType.IsIndex() {
			continue
		}
		rank := ranks
		if have, known := ofDescriptor(entry); known {
			s.saw(have)
			rank = s.wanted.rank(have)
		}
		if rank >= 0 {
			byRank[rank] = append(byRank[rank], entry)
		}
	}
	return slices.Concat(byRank...)
}

func (s *search) saw(have platform) {
	text := plainWords(have.String(), nil)
	if len(s.seen) < maxSeen && !slices.Contains(s.seen, text) {
		s.seen = append(s.seen, text)
	}
}
