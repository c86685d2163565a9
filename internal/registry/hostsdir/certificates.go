package hostsdir

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// certificatePair is a client certificate and its key, as files. Without a key file the first has
// both.
type certificatePair struct{ certificate, key string }

// findCertificates looks for certificates by Docker's names: .crt is a CA's, .cert and .key are a
// client's.
func findCertificates(folder string) (Endpoint, error) {
	own := NewRegistry()
	entries, err := os.ReadDir(folder)
	if err != nil {
		return own, fmt.Errorf("%s cannot be read: %w", folder, err)
	}
	var authorities []string
	var pairs []certificatePair
	for _, entry := range entries {
		file := filepath.Join(folder, entry.Name())
		switch {
		case isFolder(file):
		case strings.HasSuffix(file, ".crt"):
			authorities = append(authorities, file)
		case strings.HasSuffix(file, ".cert"):
			pair := certificatePair{certificate: file, key: strings.TrimSuffix(file, ".cert") + ".key"}
			if _, err := os.Stat(pair.key); errors.Is(err, os.ErrNotExist) {
				pair.key = ""
			}
			pairs = append(pairs, pair)
		}
	}
	if own.CACertificates, err = loadAuthorities(authorities); err != nil {
		return own, err
	}
	own.Client, err = loadPairs(pairs)
	return own, err
}

// loadAuthorities returns the certificates of all files.
func loadAuthorities(files []string) (string, error) {
	var all strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		switch {
		case err != nil:
			return "", fmt.Errorf("the CA certificate cannot be read: %w", err)
		case !x509.NewCertPool().AppendCertsFromPEM(data):
			return "", fmt.Errorf("%s is not a certificate in PEM", file)
		}
		all.Write(data)
		all.WriteByte('\n')
	}
	return all.String(), nil
}

func loadPairs(pairs []certificatePair) ([]tls.Certificate, error) {
	var all []tls.Certificate
	for _, pair := range pairs {
		if pair.key == "" {
			pair.key = pair.certificate
		}
		loaded, err := tls.LoadX509KeyPair(pair.certificate, pair.key)
		if err != nil { // its text names no content of the files
			return nil, fmt.Errorf("the client certificate %s cannot be used: %w", pair.certificate, err)
		}
		all = append(all, loaded)
	}
	return all, nil
}
