package docstest_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

// startProviderRegistry serves one provider over the provider registry protocol, on loopback and
// signed, and returns a CLI configuration that sends both registries' names to it. The
// configuration has no block provider_installation: the CLI looks for providers where it does by
// default.
// https://developer.hashicorp.com/terraform/internals/provider-registry-protocol
func startProviderRegistry(t *testing.T, plugin tfcli.Plugin) (configFile string) {
	t.Helper()
	archive := zipProvider(t, plugin)
	name := fmt.Sprintf(
		"terraform-provider-%s_%s_%s_%s.zip",
		filepath.Base(plugin.Source), plugin.Version, runtime.GOOS, runtime.GOARCH,
	)
	sum := fmt.Sprintf("%x", sha256.Sum256(archive))
	sums := []byte(sum + "  " + name + "\n")
	keyID, key, signature := signDetached(t, sums)

	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("GET /v1/"+plugin.Source+"/versions", func(w http.ResponseWriter, _ *http.Request) {
		respondJSON(w, map[string]any{"versions": []any{map[string]any{
			"version": plugin.Version, "protocols": []string{"5.0"},
			"platforms": []any{map[string]any{"os": runtime.GOOS, "arch": runtime.GOARCH}},
		}}})
	})
	download := fmt.Sprintf("GET /v1/%s/%s/download/%s/%s", plugin.Source, plugin.Version, runtime.GOOS, runtime.GOARCH)
	mux.HandleFunc(download, func(w http.ResponseWriter, _ *http.Request) {
		respondJSON(w, map[string]any{
			"protocols": []string{"5.0"}, "os": runtime.GOOS, "arch": runtime.GOARCH, "filename": name, "shasum": sum,
			"download_url":          server.URL + "/files/archive",
			"shasums_url":           server.URL + "/files/sums",
			"shasums_signature_url": server.URL + "/files/signature",
			"signing_keys": map[string]any{"gpg_public_keys": []any{
				map[string]any{"key_id": keyID, "ascii_armor": key},
			}},
		})
	})
	for path, content := range map[string][]byte{"archive": archive, "sums": sums, "signature": signature} {
		mux.HandleFunc("GET /files/"+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
	}

	configFile = filepath.Join(t.TempDir(), "cli.tfrc")
	text := "disable_checkpoint = true\n"
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		text += fmt.Sprintf("host %q {\n  services = { \"providers.v1\" = \"%s/v1/\" }\n}\n", host, server.URL)
	}
	write(t, configFile, text)

	return configFile
}

func zipProvider(t *testing.T, plugin tfcli.Plugin) []byte {
	t.Helper()
	binary, err := os.Open(plugin.Binary)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	header := &zip.FileHeader{Name: filepath.Base(plugin.Binary), Method: zip.Store}
	header.SetMode(0o755)
	entry, err := w.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(entry, binary); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	return archive.Bytes()
}

// signDetached signs with a key of the moment.
func signDetached(t *testing.T, content []byte) (keyID, publicKey string, signature []byte) {
	t.Helper()
	entity, err := openpgp.NewEntity("test", "", "test@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var signed, public bytes.Buffer
	if err := openpgp.DetachSign(&signed, entity, bytes.NewReader(content), nil); err != nil {
		t.Fatal(err)
	}
	w, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := entity.Serialize(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	return entity.PrimaryKey.KeyIdString(), public.String(), signed.Bytes()
}

func respondJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}
