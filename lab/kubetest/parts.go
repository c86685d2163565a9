package kubetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const loopback = "127.0.0.1"

// freePort returns a free port. Neither program can choose one and report it.
func freePort(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", loopback+":0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

// startStore starts etcd and returns its address.
func (c *Cluster) startStore(ctx context.Context) (string, error) {
	port, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	peerPort, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	url, peer := "http://"+loopback+":"+port, "http://"+loopback+":"+peerPort
	return url, c.launchProgram(ctx, "etcd",
		"--data-dir="+filepath.Join(c.folder, "etcd"),
		"--listen-client-urls="+url, "--advertise-client-urls="+url,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer,
		"--unsafe-no-fsync", "--log-level=warn")
}

// startServer starts the API server. Who has the token may do everything; there are no service
// accounts.
func (c *Cluster) startServer(ctx context.Context, store string) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	tokens, tokensErr := c.writeFile("tokens.csv", c.Token+",admin,admin,system:masters\n")
	key, keyErr := c.writeKey("service-accounts.pem")
	if err := errors.Join(tokensErr, keyErr); err != nil {
		return err
	}
	c.URL = "https://" + net.JoinHostPort(loopback, port)
	certificates := filepath.Join(c.folder, "certificates")
	err = c.launchProgram(ctx, "kube-apiserver",
		"--etcd-servers="+store,
		"--bind-address="+loopback, "--advertise-address="+loopback, "--secure-port="+port, "--cert-dir="+certificates,
		"--token-auth-file="+tokens, "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount",
		"--service-account-issuer="+c.URL, "--service-account-key-file="+key, "--service-account-signing-key-file="+key,
		"--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none", "--profiling=false")
	if err != nil {
		return err
	}
	return c.trustCertificate(ctx, filepath.Join(certificates, "apiserver.crt"))
}

// trustCertificate waits for the certificate that the API server signs for itself, and makes a
// client that believes no other.
func (c *Cluster) trustCertificate(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	roots := x509.NewCertPool()
	for {
		certificate, err := os.ReadFile(path)
		if err == nil && roots.AppendCertsFromPEM(certificate) {
			c.CACertificate = string(certificate)
			break
		}
		if err := c.checkAlive(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server wrote no certificate: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	c.client = &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}},
	}
	return nil
}

const kubeconfig = `apiVersion: v1
kind: Config
current-context: it
contexts: [{ name: it, context: { cluster: it, user: it } }]
clusters: [{ name: it, cluster: { server: %q, certificate-authority: %q } }]
users: [{ name: it, user: { token: %q } }]
`

// startControllers starts what turns a Deployment into Pods, and removes them with it.
func (c *Cluster) startControllers(ctx context.Context) error {
	text := fmt.Sprintf(kubeconfig, c.URL, filepath.Join(c.folder, "certificates", "apiserver.crt"), c.Token)
	path, err := c.writeFile("kubeconfig", text)
	if err != nil {
		return err
	}
	return c.launchProgram(ctx, "kube-controller-manager",
		"--kubeconfig="+path, "--controllers=deployment-controller,replicaset-controller,garbage-collector-controller",
		"--leader-elect=false", "--secure-port=0", "--profiling=false")
}

// writeKey writes a new private key.
func (c *Cluster) writeKey(name string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", err
	}
	return c.writeFile(name, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
}
