package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// referrersTimeout bounds the search for referrers, which no result depends on.
const referrersTimeout = 10 * time.Second

// maxReferrers bounds a list of referrers: some 3,000 of them.
const maxReferrers = 1 << 20

// Artifact is a manifest that holds no image: its blobs are described by their annotations.
type Artifact struct {
	Digest  string
	Type    string // the artifact type, or else the media type of the configuration, as OCI image-spec 1.0 has it
	Subject string // the digest of the manifest that it refers to, "" for none
	Blobs   []Layer
}

// Referrers lists the artifacts of one type that refer to an image's manifest: by the referrers
// API, or where a registry does not have it by the tag that stands in for it (OCI distribution-spec
// 1.1, sections Listing Referrers and Referrers Tag Schema). An empty list is no error.
//
// No request is made a second time, since what it finds is a convenience; a registry that turns out
// not to have the API is not asked for it again. Of a list in pages the first is read, which the
// registry has filtered by the type, or which holds the oldest referrers.
func (c *Client) Referrers(ctx context.Context, image *Image, artifactType string) ([]Descriptor, error) {
	r, err := c.readerOfImage(image)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, referrersTimeout)
	defer cancel()
	list, err := r.listReferrers(ctx, image.Digest, artifactType)
	if err != nil {
		return nil, r.describeError(err, "looking for referrers")
	}
	return list, nil
}

func (r imageReader) listReferrers(ctx context.Context, digest, artifactType string) ([]Descriptor, error) {
	if !r.facts.lacksReferrers.isKnown() {
		query := url.Values{"artifactType": {artifactType}}
		answer, err := r.readDocument(ctx, referrersRequest("referrers/"+digest+"?"+query.Encode()))
		if err == nil {
			return filterReferrers(answer.Data, artifactType)
		}
		if !errors.Is(err, failure.NotFound) {
			return nil, err
		}
		r.facts.lacksReferrers.remember() // a registry with the API answers 200, whatever the digest
	}
	answer, err := r.readDocument(ctx, referrersRequest("manifests/"+referrersTag(digest)))
	if errors.Is(err, failure.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return filterReferrers(answer.Data, artifactType)
}

// referrersRequest is not retried, since no result depends on its answer.
func referrersRequest(path string) documentRequest {
	return documentRequest{
		path: path, accept: string(types.OCIImageIndex), maxBytes: maxReferrers, resolves: true, once: true,
	}
}

// referrersTag is the tag of the index that lists what refers to a digest.
func referrersTag(digest string) string {
	algorithm, hex, _ := strings.Cut(digest, ":")
	return algorithm[:min(len(algorithm), 32)] + "-" + hex[:min(len(hex), 64)]
}

// filterReferrers picks from a list of referrers, which a registry need not have filtered.
func filterReferrers(data []byte, artifactType string) ([]Descriptor, error) {
	var index struct {
		Manifests []v1.Descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, malformedError("it is not a list of referrers: %w", err)
	}
	var list []Descriptor
	for _, d := range index.Manifests {
		if d.ArtifactType == artifactType && checkDescriptor(d) == nil {
			list = append(list, Descriptor{Digest: d.Digest.String(), MediaType: string(d.MediaType), Size: d.Size})
		}
	}
	return list, nil
}

// Artifact reads an artifact from an image's repository, or from the store. size is the announced
// one in bytes, or -1 where none is announced.
func (c *Client) Artifact(ctx context.Context, image *Image, digest string, size int64) (*Artifact, error) {
	r, err := c.readerOfImage(image)
	if err != nil {
		return nil, err
	}
	if _, err := v1.NewHash(digest); err != nil {
		return nil, r.describeError(malformedError("an artifact without a valid digest"), "reading an artifact")
	}
	ctx, cancel := context.WithTimeout(ctx, referrersTimeout)
	defer cancel()
	data, err := r.readVerified(ctx, digest, size, documentRequest{
		path: "manifests/" + digest, accept: string(types.OCIManifestSchema1), once: true,
	})
	if err != nil {
		return nil, r.describeError(err, "reading an artifact")
	}
	artifact, err := parseArtifact(data, digest)
	return artifact, r.describeError(err, "reading an artifact")
}

func parseArtifact(data []byte, digest string) (*Artifact, error) {
	var raw struct {
		ArtifactType string          `json:"artifactType"`
		Config       v1.Descriptor   `json:"config"`
		Subject      v1.Descriptor   `json:"subject"`
		Layers       []v1.Descriptor `json:"layers"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, malformedError("it is not a manifest: %w", err)
	}
	if len(raw.Layers) > maxLayers {
		return nil, failure.New(failure.TooLarge, "it has %d blobs, at most %d are read", len(raw.Layers), maxLayers)
	}
	artifact := &Artifact{Digest: digest, Type: cmp.Or(raw.ArtifactType, string(raw.Config.MediaType))}
	if raw.Subject.Digest.Hex != "" {
		artifact.Subject = raw.Subject.Digest.String()
	}
	for i, d := range raw.Layers {
		if err := checkDescriptor(d); err != nil {
			return nil, malformedError("blob %d: %w", i+1, err)
		}
		artifact.Blobs = append(artifact.Blobs, Layer{
			Digest: d.Digest.String(), MediaType: string(d.MediaType), Size: d.Size,
			Annotations: maps.Clone(d.Annotations),
		})
	}
	return artifact, nil
}
