package registrytest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
)

func TestPushedImageReadsBack(t *testing.T) {
	t.Parallel()

	registry := registrytest.Start(t, registrytest.Options{})
	pushed, reference := push(t, registry)

	pulled, err := remote.Image(reference)
	if err != nil {
		t.Fatalf("reading the image: %v", err)
	}
	if got, want := digest(t, pulled), digest(t, pushed); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestBlobsAnswerRanges(t *testing.T) {
	t.Parallel()

	registry := registrytest.Start(t, registrytest.Options{})
	image, reference := push(t, registry)
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	blob, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(compressed)
	if err != nil {
		t.Fatal(err)
	}

	url := registry.URL() + "/v2/" + reference.Context().RepositoryStr() + "/blobs/" + blob.String()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Range", "bytes=100-299")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}

	if response.StatusCode != http.StatusPartialContent {
		t.Errorf("status %s, want 206", response.Status)
	}
	if !bytes.Equal(got, whole[100:300]) {
		t.Errorf("the range holds %d bytes that are not the blob's 100 to 299", len(got))
	}
}

func TestPasswordIsAskedFor(t *testing.T) {
	t.Parallel()

	registry := registrytest.Start(t, registrytest.Options{Username: "robot", Password: "s3cret"})
	right := remote.WithAuth(&authn.Basic{Username: "robot", Password: "s3cret"})
	_, reference := push(t, registry, right)

	if _, err := remote.Head(reference, right); err != nil {
		t.Errorf("with the right password: %v", err)
	}
	for title, auth := range map[string]authn.Authenticator{
		"a wrong password": &authn.Basic{Username: "robot", Password: "guess"},
		"no password":      authn.Anonymous,
	} {
		_, err := remote.Get(reference, remote.WithAuth(auth))
		var refused *transport.Error
		if !errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized {
			t.Errorf("with %s: %v, want status 401", title, err)
		}
	}
}

func TestTLSIsTrustedThroughItsCertificate(t *testing.T) {
	t.Parallel()

	registry := registrytest.Start(t, registrytest.Options{TLS: true})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(registry.Certificate)) {
		t.Fatal("the certificate is no PEM")
	}
	trusting := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(trusting.CloseIdleConnections)
	_, reference := push(t, registry, remote.WithTransport(trusting))

	if _, err := remote.Head(reference, remote.WithTransport(trusting)); err != nil {
		t.Errorf("with the certificate: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if _, err := remote.Get(reference); !errors.As(err, &unknown) {
		t.Errorf("without the certificate: %v, want an unknown authority", err)
	}
}

func TestClosedRegistryLeavesNothing(t *testing.T) {
	t.Parallel()

	registry, err := registrytest.Run(t.Context(), registrytest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if err := registry.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}

	if _, err := os.Stat(registry.Dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", registry.Dir, err)
	}
	if !isDown(t, registry.Host) {
		t.Errorf("%s still listens", registry.Host)
	}
}

func TestContextEndsTheRegistry(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	registry, err := registrytest.Run(ctx, registrytest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = registry.Close() })
	cancel()

	for deadline := time.Now().Add(10 * time.Second); !isDown(t, registry.Host); {
		if time.Now().After(deadline) {
			t.Fatalf("%s still listens", registry.Host)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestProgramThatIsNoRegistry(t *testing.T) {
	t.Parallel()

	echo, err := exec.LookPath("echo")
	if err != nil {
		t.Skip("there is no echo here")
	}
	_, err = registrytest.Run(t.Context(), registrytest.Options{Binary: echo})
	if err == nil || !strings.Contains(err.Error(), "ended before it listened") {
		t.Errorf("error %v, want one that says the program ended", err)
	}
	if err != nil && !strings.Contains(err.Error(), "serve ") {
		t.Errorf("error %v, want what the program wrote", err)
	}
}

func TestMissingProgramSaysHowToBuildIt(t *testing.T) {
	t.Setenv("TKEIMAGE_REGISTRY_BIN", "")
	t.Chdir(t.TempDir())
	if err := os.WriteFile("go.mod", nil, 0o600); err != nil {
		t.Fatal(err)
	}

	_, err := registrytest.Run(t.Context(), registrytest.Options{})
	if err == nil || !strings.Contains(err.Error(), "make bin/registry") {
		t.Errorf("error %v, want one that says 'make bin/registry'", err)
	}
}

func push(t *testing.T, registry *registrytest.Registry, options ...remote.Option) (v1.Image, name.Tag) {
	t.Helper()

	image, err := random.Image(64<<10, 2)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := name.NewTag(registry.Host + "/team/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference, image, options...); err != nil {
		t.Fatalf("pushing to %s: %v", reference, err)
	}

	return image, reference
}

func digest(t *testing.T, image v1.Image) v1.Hash {
	t.Helper()

	hash, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func isDown(t *testing.T, address string) bool {
	t.Helper()

	connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return true
	}
	_ = connection.Close()
	return false
}

func TestBlobsOutliveARegistryInAFolderOfOurs(t *testing.T) {
	t.Parallel()

	options := registrytest.Options{Dir: t.TempDir()}
	first, err := registrytest.Run(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	pushed, reference := push(t, first)
	if err := first.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}

	second := registrytest.Start(t, options)
	again, err := name.ParseReference(
		second.Host + "/" + reference.Context().RepositoryStr() + ":" + reference.Identifier(),
	)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(again)
	if err != nil {
		t.Fatalf("reading the image from the second registry: %v", err)
	}
	if got, want := digest(t, pulled), digest(t, pushed); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}
