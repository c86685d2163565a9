package tketest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// image is what a pull needs to know of an image for linux/amd64, the platform of the builder.
type image struct {
	blobs  []v1.Descriptor // index, manifest, configuration and layers: containerd keeps them all
	layers []layer
}

// layer is one of an image's, which can be opened.
type layer struct {
	digest  v1.Hash
	diffID  v1.Hash
	chainID v1.Hash
	open    func() (io.ReadCloser, error)
}

func resolveImage(ref name.Reference, options ...remote.Option) (*image, error) {
	desc, err := remote.Get(ref, options...)
	if err != nil {
		return nil, err
	}
	img, err := desc.Image()
	if err != nil {
		return nil, err
	}
	raw, err := img.RawManifest()
	if err != nil {
		return nil, err
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	out := &image{blobs: []v1.Descriptor{{Digest: digest, Size: int64(len(raw))}, manifest.Config}}
	if desc.MediaType.IsIndex() {
		out.blobs = append(out.blobs, desc.Descriptor)
	}
	out.blobs = append(out.blobs, manifest.Layers...)
	out.layers, err = listLayers(img, manifest.Layers, config.RootFS.DiffIDs)
	return out, err
}

func listLayers(img v1.Image, descs []v1.Descriptor, diffIDs []v1.Hash) ([]layer, error) {
	if len(descs) != len(diffIDs) {
		return nil, fmt.Errorf("mismatched image rootfs and manifest layers")
	}
	var layers []layer
	var chain v1.Hash
	for i, desc := range descs {
		opened, err := img.LayerByDigest(desc.Digest)
		if err != nil {
			return nil, err
		}
		chain = nextChainID(chain, diffIDs[i])
		layers = append(layers, layer{desc.Digest, diffIDs[i], chain, opened.Compressed})
	}
	return layers, nil
}

// nextChainID is the OCI image specification's name for a stack of layers.
func nextChainID(parent, diffID v1.Hash) v1.Hash {
	if parent == (v1.Hash{}) {
		return diffID
	}
	sum := sha256.Sum256([]byte(parent.String() + " " + diffID.String()))
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// remoteOptions are how the cache says that a registry is to be reached. A failed request is tried
// again soon, and not with the seconds of patience that are the library's default.
func (p *puller) remoteOptions(ctx context.Context, ref name.Reference, cache Cache) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"}),
		remote.WithAuth(findCredential(ref.Context().Registry, cache.Credentials)),
		remote.WithTransport(registryTransport{p, cache.HTTPEndPointList, cache.SkipVerifyList}),
		remote.WithRetryBackoff(remote.Backoff{Duration: 20 * time.Millisecond, Factor: 3, Jitter: 0.1, Steps: 3}),
	}
}

// findCredential finds the credential whose Server is the registry's host.
func findCredential(registry name.Registry, credentials []RegistryCredential) authn.Authenticator {
	for _, cred := range credentials {
		server, err := name.NewRegistry(cred.Server) // so that docker.io is index.docker.io on both sides
		if err == nil && server.RegistryStr() == registry.RegistryStr() {
			return authn.FromConfig(authn.AuthConfig{Username: cred.Username, Password: cred.Password})
		}
	}
	return authn.Anonymous
}

// registryTransport checks every request of a pull against the cache's registry lists. The library
// would on its own try plain HTTP for hosts in private networks, and HTTPS for hosts that are to be
// reached over plain HTTP.
type registryTransport struct {
	*puller
	plain []string
	skip  []string
}

func (r registryTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	host, overHTTP := req.URL.Host, req.URL.Scheme == "http"
	plain := slices.Contains(r.plain, host)
	switch {
	case overHTTP && !plain && !isLoopback(req.URL.Hostname()):
		return nil, fmt.Errorf("plain HTTP is not allowed for %s", host)
	case !overHTTP && plain:
		return nil, fmt.Errorf("%s is reached over plain HTTP", host)
	case slices.Contains(r.skip, host):
		return r.unverified.RoundTrip(req)
	}
	return r.verified.RoundTrip(req)
}

func isLoopback(hostname string) bool {
	ip := net.ParseIP(hostname)
	return hostname == "localhost" || strings.HasSuffix(hostname, ".localhost") || ip != nil && ip.IsLoopback()
}

// pullFailure words what went wrong with an image the way containerd does.
type pullFailure struct {
	image string         // as written
	ref   name.Reference // nil when it could not be read
}

func (f pullFailure) wrapError(err error) error {
	code, cause := "Unknown", err.Error()
	var answered *transport.Error
	if errors.As(err, &answered) && f.ref != nil {
		switch answered.StatusCode {
		case http.StatusNotFound:
			code, cause = "NotFound", f.fullName()+": not found"
		case http.StatusUnauthorized, http.StatusForbidden:
			cause = fmt.Sprintf(
				"pulling from host %s failed with status code [manifests %s]: %d %s", f.ref.Context().RegistryStr(),
				f.ref.Identifier(), answered.StatusCode, http.StatusText(answered.StatusCode),
			)
		}
	}
	return f.newBuildError(code, fmt.Sprintf("failed to resolve reference %q: %s", f.fullName(), cause))
}

// noSpaceError is what users meet on a disk that is too small: containerd copies a blob to its
// ingest directory.
func (f pullFailure) noSpaceError(blob v1.Hash) error {
	return f.newBuildError(
		"Unknown",
		fmt.Sprintf("failed to copy: write /var/lib/containerd/io.containerd.content.v1.content/"+
			"ingest/%s/data: no space left on device", fmt.Sprintf("%x", sha256.Sum256([]byte(blob.String())))),
	)
}

func (f pullFailure) newBuildError(code, cause string) error {
	return &BuildError{
		Reason: reasonFailed,
		Message: fmt.Sprintf("Failed to pull image %q: rpc error: code = %s desc = "+
			"failed to pull and unpack image %q: %s", f.image, code, f.fullName(), cause),
	}
}

// fullName is the reference in full, as containerd writes it.
func (f pullFailure) fullName() string {
	if f.ref == nil {
		return f.image
	}
	return strings.Replace(f.ref.Name(), name.DefaultRegistry+"/", "docker.io/", 1)
}
