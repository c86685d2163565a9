package kubetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/subprocess"
)

// startTimeout is generous, since a control plane may share two cores with a dozen tests.
const startTimeout = 2 * time.Minute

// BinVariable names the folder of the control plane's programs.
const BinVariable = "TKEIMAGE_CONTROL_PLANE_BIN"

// Cluster is a running control plane.
type Cluster struct {
	// URL is the API server's, with scheme and port.
	URL string
	// Token is what the API server takes for its administrator.
	Token string
	// CACertificate is the PEM of the authority that signed the API server's certificate.
	CACertificate string

	folder  string // everything that the control plane has on disk
	bin     string
	client  *http.Client
	parts   []part
	nodes   sync.WaitGroup
	noNodes context.CancelFunc
}

// part is one of the control plane's processes.
type part struct {
	name    string
	process *subprocess.Process
	log     *subprocess.Tail
}

// Start runs a control plane until the test ends. If the test fails, its logs say what it had to
// say last.
func Start(tb testing.TB) *Cluster {
	tb.Helper()
	cluster, err := Run(context.Background()) // not the test's context, which ends before cleanups run
	if err != nil {
		tb.Fatalf("starting a control plane: %v", err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Log(cluster.Log())
		}
		if err := cluster.Close(); err != nil {
			tb.Errorf("stopping the control plane: %v", err)
		}
	})
	return cluster
}

// Run starts a control plane and returns once it answers and has its first namespaces. It stops
// when ctx ends or Close is called, and on Linux also when this process dies in any other way;
// Close removes what it kept on disk.
func Run(ctx context.Context) (*Cluster, error) {
	bin := os.Getenv(BinVariable)
	if bin == "" {
		return nil, errors.New(
			BinVariable + " names no folder with the control plane's programs: run this through make",
		)
	}
	folder, err := os.MkdirTemp("", "tkeimage-kubernetes-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{folder: folder, bin: bin, Token: rand.Text()}
	if err := c.startAll(ctx); err != nil {
		return nil, errors.Join(err, errors.New(c.Log()), c.Close())
	}
	return c, nil
}

// Close stops the control plane, the last part first, and removes what it kept. It may be called
// more than once.
func (c *Cluster) Close() error {
	if c.noNodes != nil {
		c.noNodes()
		c.nodes.Wait()
	}
	for _, part := range slices.Backward(c.parts) {
		part.process.Stop()
	}
	if c.client != nil {
		c.client.CloseIdleConnections()
	}
	return os.RemoveAll(c.folder)
}

// Log is the tail of what each part wrote.
func (c *Cluster) Log() string {
	var text strings.Builder
	for _, part := range c.parts {
		fmt.Fprintf(&text, "the last lines of %s:\n%s\n", part.name, part.log)
	}
	return text.String()
}

func (c *Cluster) startAll(ctx context.Context) error {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	store, err := c.startStore(ctx)
	if err != nil {
		return err
	}
	if err := c.startServer(ctx, store); err != nil {
		return err
	}
	if err := c.waitUntilReady(starting); err != nil {
		return err
	}
	if err := c.startControllers(ctx); err != nil {
		return err
	}
	ctx, c.noNodes = context.WithCancel(ctx)
	c.nodes.Go(func() { c.superNode(ctx) })
	return nil
}

// launchProgram starts one of the programs.
func (c *Cluster) launchProgram(ctx context.Context, name string, arguments ...string) error {
	log := &subprocess.Tail{}
	// HOME is where a program might keep something, or find a configuration of its user's.
	environment := []string{"HOME=" + c.folder, "TMPDIR=" + c.folder, "PATH=" + os.Getenv("PATH")}
	process, err := subprocess.Start(ctx, environment, log, filepath.Join(c.bin, name), arguments...)
	if err != nil {
		return fmt.Errorf("%s does not start: %w", name, err)
	}
	c.parts = append(c.parts, part{name, process, log})
	return nil
}

// waitUntilReady waits until the API server is ready and has made the namespaces that every cluster
// has.
func (c *Cluster) waitUntilReady(ctx context.Context) error {
	for _, path := range []string{"/readyz", "/api/v1/namespaces/default", "/api/v1/namespaces/kube-system"} {
		for c.Get(ctx, path, nil) != nil {
			if err := c.checkAlive(); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s does not answer: %w", path, ctx.Err())
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

// checkAlive fails when a part has ended.
func (c *Cluster) checkAlive() error {
	for _, part := range c.parts {
		select {
		case <-part.process.Exited():
			return fmt.Errorf("%s ended", part.name)
		default:
		}
	}
	return nil
}

func (c *Cluster) writeFile(name, content string) (string, error) {
	path := filepath.Join(c.folder, name)
	return path, os.WriteFile(path, []byte(content), 0o600)
}
