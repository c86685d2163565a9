package registry

import (
	"context"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const (
	// maxIndexDepth is how deep indexes may nest; images have one, and tools that copy them make
	// two.
	maxIndexDepth = 4
	// maxDocuments bounds what is fetched of an index, whose entries need not say their platform.
	maxDocuments = 32
	// maxSeen bounds the platforms that an error carries: an index may list thousands.
	maxSeen = 256
)

// search collects what containerd pulls for one platform. The order is that of containerd 1.6
// (images.Manifest): the best platform first, entries without one last. The extent is that of the
// transfer service of 2.x: all entries of the very platform, and all without one, whatever they
// are. Where containerd would fail on an entry that is no image, the search goes on: one artifact
// in an index hides nothing.
type search struct {
	reader    imageReader
	wanted    platform
	first     *found   // what containerd 1.6 pulls
	others    []*found // what 2.x unpacks besides
	featured  *Featured
	pulled    []Descriptor
	blobs     []Descriptor
	seen      []string // platforms there are
	artifacts []string // types of the artifacts there are
	visited   map[string]bool
	fetched   int // documents
}

// found is a manifest with its configuration, and the indexes that led to it, the outermost first.
type found struct {
	manifest *document
	config   *configuration
	platform platform
	indexes  []*document
}

// entry is one entry of an index: a platform that serves, or none.
type entry struct {
	v1.Descriptor
	rank  int       // of the platform; 0 is the very one
	label *platform // nil where the index states none
}

// searchDocument searches what a reference names.
func (s *search) searchDocument(ctx context.Context, top *document) error {
	s.visited = map[string]bool{}
	switch {
	case top.isIndex:
		return s.searchIndex(ctx, top, nil)
	case top.isArtifact():
		return notAnImageError("an artifact whose configuration is of type " + top.configType())
	}
	return s.searchManifest(ctx, top, nil, nil)
}

func (s *search) searchIndex(ctx context.Context, index *document, path []*document) error {
	if len(path) >= maxIndexDepth {
		return failure.New(failure.TooLarge, "its indexes nest too deeply")
	}
	s.pulled = append(s.pulled, index.descriptor())
	path = append(slices.Clip(path), index)
	if s.first == nil && s.featured == nil {
		s.featured = s.findFeatured(index.entries)
	}
	for _, e := range s.orderEntries(index.entries) {
		if e.label != nil && e.rank > 0 && s.first != nil {
			continue // another platform, which serves where the wanted one is missing
		}
		if err := s.searchEntry(ctx, e, path); err != nil {
			return err
		}
	}
	if s.first == nil || s.featured != nil {
		return nil
	}
	for _, e := range s.listFeatured(index.entries) {
		if err := s.searchEntry(ctx, e, path); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) searchEntry(ctx context.Context, e entry, path []*document) error {
	digest := e.Digest.String()
	if s.visited[digest] {
		return nil
	}
	s.visited[digest] = true
	if e.MediaType != "" && !e.MediaType.IsImage() && !e.MediaType.IsIndex() {
		s.keepBlobs([]v1.Descriptor{e.Descriptor})
		return nil
	}
	if s.fetched++; s.fetched > maxDocuments {
		return failure.New(failure.TooLarge, "its indexes have too many entries without a platform")
	}
	child, err := s.reader.readManifest(ctx, digest, e.Size)
	switch {
	case err != nil:
		return err
	case child.isIndex:
		return s.searchIndex(ctx, child, path)
	case child.isArtifact():
		s.keepArtifact(child)
		return nil
	}
	return s.searchManifest(ctx, child, e.label, path)
}

// searchManifest takes the platform that an index gave the manifest, or else that of its
// configuration.
func (s *search) searchManifest(ctx context.Context, doc *document, label *platform, path []*document) error {
	config, err := s.reader.readConfiguration(ctx, doc.config)
	if err != nil {
		return err
	}
	hit := &found{manifest: doc, config: config, platform: s.wanted, indexes: path}
	serves := true
	if label != nil {
		hit.platform = *label
	} else if have, known := config.platform(); known {
		s.recordPlatform(have)
		hit.platform, serves = have, s.wanted.rank(have) >= 0
	}
	switch {
	case serves && s.first == nil:
		s.first = hit
	case serves || hit.platform.os == s.wanted.os: // containerd 2.x looks at this alone where there is no label
		s.others = append(s.others, hit)
	default:
		s.pulled = append(s.pulled, hit.listDocuments()...)
		s.keepBlobs(doc.layers)
	}
	return nil
}

// keepArtifact keeps what containerd 2.x fetches of a manifest whose configuration it does not
// know: all but layers.
func (s *search) keepArtifact(doc *document) {
	if kind := doc.configType(); len(s.artifacts) < maxSeen && !slices.Contains(s.artifacts, kind) {
		s.artifacts = append(s.artifacts, kind)
	}
	s.pulled = append(s.pulled, doc.descriptor())
	s.keepBlobs([]v1.Descriptor{doc.config})
	isLayer := func(d v1.Descriptor) bool { return isLayerType(d.MediaType) }
	s.keepBlobs(slices.DeleteFunc(slices.Clone(doc.layers), isLayer))
}

func (s *search) keepBlobs(list []v1.Descriptor) {
	for _, d := range list {
		s.blobs = append(s.blobs, Descriptor{Digest: d.Digest.String(), MediaType: string(d.MediaType), Size: d.Size})
	}
}

// orderEntries returns the entries of an index that may serve, the best first and those without a
// platform last.
func (s *search) orderEntries(entries []v1.Descriptor) []entry {
	last := len(s.wanted.listCandidates())
	var list []entry
	for _, d := range entries {
		e := entry{Descriptor: d, rank: last}
		if label, known := platformOf(d); known {
			s.recordPlatform(label)
			e.label, e.rank = &label, s.wanted.rank(label)
		}
		if e.rank >= 0 {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int { return a.rank - b.rank })
	return list
}

// findFeatured returns the entry that containerd before 2.3 chooses of an index, if it asks for
// features of the operating system, which those versions ignore.
func (s *search) findFeatured(entries []v1.Descriptor) *Featured {
	var chosen *Featured
	best := len(s.wanted.listCandidates())
	for _, d := range entries {
		label, known := platformOf(d)
		plain := label
		plain.features = ""
		rank := s.wanted.rank(plain)
		if !known || rank < 0 || rank >= best {
			continue
		}
		best, chosen = rank, nil
		if label.features != "" {
			chosen = &Featured{Digest: d.Digest.String(), Platform: redact.Line(label.String(), failure.MaxWords)}
		}
	}
	return chosen
}

// listFeatured returns the entries of the very platform that ask for features of the operating
// system. Versions of containerd that ignore features fetch them beside the image.
func (s *search) listFeatured(entries []v1.Descriptor) (list []entry) {
	for _, d := range entries {
		label, known := platformOf(d)
		plain := label
		plain.features = ""
		if known && label.features != "" && s.wanted.rank(plain) == 0 {
			list = append(list, entry{Descriptor: d, label: &plain})
		}
	}
	return list
}

func (s *search) recordPlatform(have platform) {
	text := have.String()
	if have.isNamed() && len(s.seen) < maxSeen && !slices.Contains(s.seen, text) {
		s.seen = append(s.seen, text)
	}
}

// noPlatformError is the error where no manifest serves.
func (s *search) noPlatformError() error {
	if len(s.seen) == 0 && len(s.artifacts) > 0 {
		return notAnImageError("an index of artifacts, whose configuration is of type " + s.artifacts[0])
	}
	return &failure.Error{Kind: failure.NoPlatform, Platform: s.wanted.String(), Platforms: s.seen}
}

// listDocuments returns what containerd keeps to know an image by.
func (f *found) listDocuments() []Descriptor {
	var list []Descriptor
	for _, index := range f.indexes {
		list = append(list, index.descriptor())
	}
	config := f.manifest.config
	return append(list, f.manifest.descriptor(),
		Descriptor{Digest: config.Digest.String(), MediaType: string(config.MediaType), Size: config.Size})
}
