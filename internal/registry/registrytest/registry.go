// Package registrytest starts a real OCI registry, CNCF Distribution, on a loopback port of its own
// choosing.
//
// A stand-in for a registry would repeat our own understanding of the protocol; this is the program
// that others run. Its binary is built from its module by `make bin/registry`. Start serves a test,
// Run a program.
package registrytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/subprocess"
)

// startTimeout is generous, since a test may share two cores with a dozen others.
const startTimeout = 30 * time.Second

// Options choose what kind of registry starts. The zero value is one without passwords, over plain
// HTTP.
type Options struct {
	// Binary is the path of the registry program. Without it, TKEIMAGE_REGISTRY_BIN counts, then
	// bin/registry of this module.
	Binary string
	// Username and Password are asked of every request, if set.
	Username, Password string
	// TLS serves HTTPS, with a certificate that only Registry.Certificate vouches for.
	TLS bool
	// Upstream is the URL of a registry that this one is a pull-through cache of; it signs in there
	// with the upstream's username and password, if they are set. Nothing can be pushed to it.
	Upstream                           string
	UpstreamUsername, UpstreamPassword string
	// Dir is where the registry finds and keeps its blobs, and they stay there. Without it, they go
	// with the registry.
	Dir string
}

// Registry is a running registry.
type Registry struct {
	// Host is the address with port, as it stands in front of an image's name.
	Host string
	// Certificate is the PEM of the authority that signed the registry's certificate; empty without
	// TLS.
	Certificate string
	// Dir is where the registry keeps its blobs, as Distribution's filesystem driver lays them out.
	Dir string

	folder  string // everything that the registry has on disk
	log     *logWriter
	process *subprocess.Process
}

// Start runs a registry until the test ends. If the test fails, its log shows the end of its log.
func Start(tb testing.TB, options Options) *Registry {
	tb.Helper()

	// Not the test's context: that one ends before cleanups run, and they may want to delete what
	// they pushed.
	registry, err := Run(context.Background(), options)
	if err != nil {
		tb.Fatalf("starting the registry: %v", err)
	}
	tb.Cleanup(func() {
		if err := registry.Close(); err != nil {
			tb.Errorf("stopping the registry: %v", err)
		}
		if tb.Failed() {
			tb.Logf("the last lines of the registry's log:\n%s", registry.Log())
		}
	})

	return registry
}

// Run starts a registry and returns once it answers. It stops when ctx ends or Close is called, and
// on Linux also when this process dies in any other way; Close removes what it kept on disk, except
// for a folder that the options name.
func Run(ctx context.Context, options Options) (*Registry, error) {
	binary, err := options.findBinary()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "tkeimage-registry-")
	if err != nil {
		return nil, err
	}

	r := &Registry{Dir: cmp.Or(options.Dir, filepath.Join(folder, "storage")), folder: folder, log: newLogWriter()}
	if err := r.startProcess(ctx, binary, options); err != nil {
		return nil, errors.Join(err, r.Close())
	}

	return r, nil
}

// Close stops the registry and removes what it kept. It may be called more than once.
func (r *Registry) Close() error {
	if r.process != nil {
		r.process.Stop()
	}

	return os.RemoveAll(r.folder)
}

// Log is the tail of what the registry wrote.
func (r *Registry) Log() string { return r.log.tail.String() }

// URL is the root of the registry's API.
func (r *Registry) URL() string {
	if r.Certificate != "" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (r *Registry) startProcess(ctx context.Context, binary string, options Options) error {
	config, err := r.writeConfiguration(options)
	if err != nil {
		return err
	}
	if r.process, err = subprocess.Start(ctx, listEnvironment(), r.log, binary, "serve", config); err != nil {
		return fmt.Errorf("%s does not start: %w", binary, err)
	}
	if err := r.awaitPort(ctx); err != nil {
		return err
	}

	return r.awaitAnswer(ctx)
}

// awaitPort learns the port. Port 0 lets the system choose a free one; the log says which.
func (r *Registry) awaitPort(ctx context.Context) error {
	select {
	case r.Host = <-r.log.address:
		return nil
	case <-r.process.Exited():
		return fmt.Errorf("the registry ended before it listened; its log:\n%s", r.Log())
	case <-time.After(startTimeout):
		return fmt.Errorf("the registry did not listen within %s; its log:\n%s", startTimeout, r.Log())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitAnswer waits for the first answer, which may well be that a password is missing.
func (r *Registry) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	transport, err := r.newTransport()
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL()+"/v2/", http.NoBody)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("the registry does not answer: %w; its log:\n%s", err, r.Log())
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("the registry answers %s; its log:\n%s", response.Status, r.Log())
	}

	return nil
}
