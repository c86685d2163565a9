//go:build linux

package campaign

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// canaryHeader is the value of a header that a hosts.toml adds to requests of its host.
const canaryHeader = "CANARY-header-of-hosts-toml"

// canaryClient is a client certificate and its key, in PEM.
var canaryClient = newClientPair()

func newClientPair() (pair struct{ certificate, key string }) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	packed, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	pair.certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))
	pair.key = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: packed}))
	return pair
}

// hostEchoes repeat what is configured of one host beside its password. The files that hold it are
// not searched.
var hostEchoes = []echo{
	{
		title: "registry: refusal of a header of hosts.toml",
		holds: []string{canaryHeader},
		begin: func(t *testing.T, _ string) ([]string, string) {
			t.Helper()
			folder := t.TempDir()
			answer := respondWith(http.StatusForbidden, "text/plain", everySpelling(canaryHeader))
			environment, configuration := measureWithDocker(
				t, recordReceived(t, canaryHeader, answer), func(host string) string {
					writeFile(t, filepath.Join(folder, host, "hosts.toml"), fmt.Sprintf(
						"[host.%q]\n[host.%[1]q.header]\nX-Gateway-Key = %q\n", "http://"+host, canaryHeader,
					))
					return "{}"
				},
			)
			return append(environment, "TKEIMAGE_REGISTRY_HOSTS_DIR="+folder), configuration
		},
	},
	{
		title: "registry: text that repeats a client's key",
		holds: []string{canaryClient.key},
		begin: func(t *testing.T, _ string) ([]string, string) {
			t.Helper()
			folder := t.TempDir()
			writeFile(t, filepath.Join(folder, "client.pem"), canaryClient.certificate)
			writeFile(t, filepath.Join(folder, "key.pem"), canaryClient.key)
			answer := respondWith(http.StatusForbidden, "text/plain", everySpelling(canaryClient.key))
			environment, configuration := measureWithDocker(t, answer, func(string) string { return "{}" })
			private := `"private.example.com" = { username = "u", password = var.password`
			if !strings.Contains(configuration, private) {
				t.Fatalf("%s has no %s", configuration, private)
			}
			return environment, strings.Replace(configuration, private, private+fmt.Sprintf(
				", client_certificate = file(%q), client_key = file(%q)",
				filepath.Join(folder, "client.pem"), filepath.Join(folder, "key.pem"),
			), 1)
		},
	},
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
