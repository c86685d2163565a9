package registry

// assembleImage puts together what was found: the first manifest, and beside it what other versions
// of containerd pull too.
func (s *search) assembleImage() (*Image, error) {
	if err := checkLayerTypes(s.first.manifest.layers); err != nil {
		return nil, err
	}
	layers, err := stackLayers(s.first.manifest.layers, s.first.config.RootFS.DiffIDs)
	if err != nil {
		return nil, err
	}
	image := &Image{
		Digest: s.first.manifest.digest, Platform: s.first.platform.String(),
		Manifests: []string{s.first.manifest.digest},
		Metadata:  s.first.listDocuments(), Layers: layers, Annotations: s.first.manifest.parseAnnotations(),
		Featured: s.featured,
	}
	chains, blobs := map[string]bool{}, map[string]bool{}
	for _, layer := range layers {
		chains[layer.ChainID], blobs[layer.Digest] = true, true
	}
	var alternatives descriptors
	for _, other := range s.others {
		s.pulled = append(s.pulled, other.listDocuments()...)
		// not what every node pulls, and no reason to refuse the first
		if checkLayerTypes(other.manifest.layers) != nil {
			s.keepBlobs(other.manifest.layers)
			continue
		}
		stack, err := stackLayers(other.manifest.layers, other.config.RootFS.DiffIDs)
		if err != nil {
			return nil, err
		}
		image.Manifests = append(image.Manifests, other.manifest.digest)
		for _, layer := range stack {
			if chains[layer.ChainID] {
				alternatives.addMissing(blobs, Descriptor{
					Digest: layer.Digest, MediaType: layer.MediaType, Size: layer.Size,
				})
				continue
			}
			chains[layer.ChainID] = true
			layer.Alternative = true
			image.Layers = append(image.Layers, layer)
		}
	}
	image.Blobs = alternatives.addMissing(blobs, s.blobs...)
	known := map[string]bool{}
	for _, d := range image.Metadata {
		known[d.Digest] = true
	}
	metadata := descriptors(image.Metadata)
	image.Metadata = metadata.addMissing(known, s.pulled...)
	return image, nil
}

type descriptors []Descriptor

// addMissing appends, marked as alternatives, those that are not known yet.
func (d *descriptors) addMissing(known map[string]bool, more ...Descriptor) []Descriptor {
	for _, descriptor := range more {
		if !known[descriptor.Digest] {
			known[descriptor.Digest] = true
			descriptor.Alternative = true
			*d = append(*d, descriptor)
		}
	}
	return *d
}
