package registry

// assembleImage puts together what was found: the first manifest, and beside it what other versions
// of containerd pull too.
func (s *search) assembleImage() (*Image, error) {
	first := s.first.manifest
	if err := checkLayerTypes(first.layers); err != nil {
		return nil, err
	}
	layers, err := stackLayers(first.layers, s.first.config.RootFS.DiffIDs)
	if err != nil {
		return nil, err
	}
	image := &Image{
		Digest: first.digest, Platform: s.first.platform.String(), Manifests: []string{first.digest},
		Metadata: s.first.listDocuments(), Layers: layers, Annotations: first.parseAnnotations(),
		Featured: s.featured,
	}
	blobs := newAlternatives()
	for _, layer := range layers {
		blobs.known[layer.Digest] = true
	}
	if err := s.addOthers(image, blobs); err != nil {
		return nil, err
	}
	image.Blobs = blobs.add(s.blobs...)
	image.Metadata = append(image.Metadata, newAlternatives(image.Metadata...).add(s.pulled...)...)
	return image, nil
}

// addOthers adds the layers that other manifests unpack besides; blobs gets those that unpack to a
// layer that the image already has.
func (s *search) addOthers(image *Image, blobs *alternatives) error {
	chains := map[string]bool{}
	for _, layer := range image.Layers {
		chains[layer.ChainID] = true
	}
	for _, other := range s.others {
		s.pulled = append(s.pulled, other.listDocuments()...)
		if checkLayerTypes(other.manifest.layers) != nil {
			s.keepBlobs(other.manifest.layers) // not what every node pulls, and no reason to refuse the first
			continue
		}
		stack, err := stackLayers(other.manifest.layers, other.config.RootFS.DiffIDs)
		if err != nil {
			return err
		}
		image.Manifests = append(image.Manifests, other.manifest.digest)
		for _, layer := range stack {
			if chains[layer.ChainID] {
				blobs.add(Descriptor{Digest: layer.Digest, MediaType: layer.MediaType, Size: layer.Size})
				continue
			}
			chains[layer.ChainID] = true
			layer.Alternative = true
			image.Layers = append(image.Layers, layer)
		}
	}
	return nil
}

// alternatives are descriptors of what not every version of containerd pulls, each digest once.
type alternatives struct {
	known map[string]bool
	list  []Descriptor
}

// newAlternatives returns an empty list that takes none of these.
func newAlternatives(known ...Descriptor) *alternatives {
	a := &alternatives{known: map[string]bool{}}
	for _, descriptor := range known {
		a.known[descriptor.Digest] = true
	}
	return a
}

// add appends those that are not known yet, and returns the list.
func (a *alternatives) add(more ...Descriptor) []Descriptor {
	for _, descriptor := range more {
		if !a.known[descriptor.Digest] {
			a.known[descriptor.Digest] = true
			descriptor.Alternative = true
			a.list = append(a.list, descriptor)
		}
	}
	return a.list
}
