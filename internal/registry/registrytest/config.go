package registrytest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// The log is at level info because its line about the listener is how the port becomes known.
const config = `version: 0.1
log:
  level: info
  formatter: json
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: %q
  delete:
    enabled: true
  maintenance:
    uploadpurging:
      enabled: false
http:
  addr: 127.0.0.1:0
  secret: for this process alone
`

const configTLS = `  tls:
    certificate: %q
    key: %q
`

const configPassword = `auth:
  htpasswd:
    realm: registry
    path: %q
`

const configUpstream = `proxy:
  remoteurl: %q
  username: %q
  password: %q
`

// writeConfiguration writes the registry's files and returns the path of its configuration.
func (r *Registry) writeConfiguration(options Options) (string, error) {
	text := fmt.Sprintf(config, r.Dir)

	if options.TLS {
		certificate, key, err := issueCertificate()
		if err != nil {
			return "", err
		}
		certificateFile, certificateErr := r.writeFile("certificate.pem", certificate)
		keyFile, keyErr := r.writeFile("key.pem", key)
		if err := errors.Join(certificateErr, keyErr); err != nil {
			return "", err
		}
		r.Certificate = string(certificate)
		text += fmt.Sprintf(configTLS, certificateFile, keyFile)
	}

	if options.Username != "" {
		// Distribution knows no hash but bcrypt; its lowest cost is enough for a test.
		hash, err := bcrypt.GenerateFromPassword([]byte(options.Password), bcrypt.MinCost)
		if err != nil {
			return "", err
		}
		file, err := r.writeFile("htpasswd", fmt.Appendf(nil, "%s:%s\n", options.Username, hash))
		if err != nil {
			return "", err
		}
		text += fmt.Sprintf(configPassword, file)
	}

	if options.Upstream != "" {
		text += fmt.Sprintf(configUpstream, options.Upstream, options.UpstreamUsername, options.UpstreamPassword)
	}

	return r.writeFile("config.yml", []byte(text))
}

func (r *Registry) writeFile(name string, content []byte) (string, error) {
	path := filepath.Join(r.folder, name)
	return path, os.WriteFile(path, content, 0o600)
}

// listEnvironment is ours without what would change the registry's configuration, and without its
// telemetry.
func listEnvironment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "REGISTRY_") && !strings.HasPrefix(variable, "OTEL_") {
			kept = append(kept, variable)
		}
	}

	return append(kept, "OTEL_TRACES_EXPORTER=none")
}

// findBinary finds the registry program.
func (o Options) findBinary() (string, error) {
	for _, path := range []string{o.Binary, os.Getenv("TKEIMAGE_REGISTRY_BIN")} {
		if path != "" {
			return path, nil
		}
	}

	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "bin", "registry")
	if _, err := os.Stat(path); err != nil {
		return "", errors.New("the registry program is missing: " +
			"run 'make bin/registry' once, or name one in TKEIMAGE_REGISTRY_BIN")
	}

	return path, nil
}

// moduleRoot is the nearest folder above with a go.mod: a test runs in its package's folder.
func moduleRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("no go.mod in or above %s, so there is no bin/registry: "+
				"name the registry program in TKEIMAGE_REGISTRY_BIN", here)
		}
	}
}
