package tketest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Builder makes a cache's images available on its disk. Nil makes the cache usable; an error fails
// the build, and its text becomes the message of a Warning event. It returns soon after the context
// ends.
type Builder func(ctx context.Context, cache Cache) error

// InstantBuilder pulls nothing: any image, also one that exists nowhere, is there at once.
func InstantBuilder(context.Context, Cache) error { return nil }

// BuildError is a failure of a build whose event has a reason of its own.
type BuildError struct {
	Reason  string
	Message string
}

// Error is the event's message.
func (e *BuildError) Error() string { return e.Message }

// puller is the default builder: the temporary instance of the service, without the instance.
type puller struct {
	bytesPerGiB int64
	verified    *http.Transport
	unverified  *http.Transport // does not look at certificates
	layers      layerCounts
}

func newPuller(opts Options) *puller {
	base := opts.Transport
	if base == nil {
		base, _ = remote.DefaultTransport.(*http.Transport) // it is one, and Clone says so if it is not
	}
	p := &puller{bytesPerGiB: opts.BytesPerGiB, verified: base.Clone(), unverified: base.Clone()}
	if p.unverified.TLSClientConfig == nil {
		p.unverified.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	p.unverified.TLSClientConfig.InsecureSkipVerify = true // what RegistrySkipVerifyList asks for
	p.layers.counts = map[v1.Hash]*layerCount{}
	return p
}

func (p *puller) close() {
	p.verified.CloseIdleConnections()
	p.unverified.CloseIdleConnections()
}

// pullImages pulls the images one after the other onto one disk, which keeps the blobs by digest
// and what is unpacked from them by chain id, as containerd does.
func (p *puller) pullImages(ctx context.Context, cache Cache) error {
	d := newDisk(cache.SizeGiB, p.bytesPerGiB)
	for _, written := range cache.Images {
		ref, err := parseReference(written, cache)
		if err != nil {
			return pullFailure{image: written}.wrapError(err)
		}
		failure := pullFailure{image: written, ref: ref}
		img, err := resolveImage(ref, p.remoteOptions(ctx, ref, cache)...)
		if err != nil {
			return failure.wrapError(err)
		}
		for _, b := range img.blobs {
			if !d.storeOnce("blob "+b.Digest.String(), usage{bytes: roundUpToBlocks(b.Size)}) {
				return failure.noSpaceError(b.Digest)
			}
		}
		if err := p.unpackLayers(ctx, img, d, failure); err != nil {
			return err
		}
	}
	return nil
}

func (p *puller) unpackLayers(ctx context.Context, img *image, d *disk, failure pullFailure) error {
	for _, l := range img.layers {
		used, err := p.layers.countLayer(ctx, l)
		if err != nil {
			return failure.wrapError(err)
		}
		if !d.storeOnce("chain "+l.chainID.String(), used) {
			return failure.noSpaceError(l.digest)
		}
	}
	return nil
}

// parseReference allows plain HTTP where the cache does.
func parseReference(written string, cache Cache) (name.Reference, error) {
	ref, err := name.ParseReference(written)
	if err == nil && slices.Contains(cache.HTTPEndPointList, ref.Context().RegistryStr()) {
		ref, err = name.ParseReference(written, name.Insecure)
	}
	if err != nil {
		return nil, fmt.Errorf("failed to parse reference: %w", err)
	}
	return ref, nil
}
