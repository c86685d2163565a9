//go:build linux

package campaign

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// registry is a small registry that serves its content to every request with the password, unless a
// hook comes before it.
type registry struct {
	*httptest.Server
	hook func(w http.ResponseWriter, r *http.Request) bool // true: it has answered

	mu        sync.Mutex
	manifests map[string][]byte // by tag and by digest
	blobs     map[string][]byte
	elsewhere []string // secrets that another host received
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	s := &registry{manifests: map[string][]byte{}, blobs: map[string][]byte{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseClientConnections() // a handler that drips until its client is gone
		s.Close()
	})
	return s
}

func (s *registry) host() string { return s.Listener.Addr().String() }

func (s *registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, password, _ := r.BasicAuth()
	if password != canaryPassword {
		w.Header().Set("WWW-Authenticate", `Basic realm="campaign"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if s.hook != nil && s.hook(w, r) {
		return
	}
	kind, name := "", r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	switch {
	case strings.Contains(r.URL.Path, "/manifests/"):
		kind = "manifest"
	case strings.Contains(r.URL.Path, "/blobs/"):
		kind = "blob"
	}
	s.mu.Lock()
	content, found := map[string]map[string][]byte{"manifest": s.manifests, "blob": s.blobs}[kind][name]
	s.mu.Unlock()
	if !found {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if kind == "manifest" {
		var manifest struct{ MediaType string }
		_ = json.Unmarshal(content, &manifest) // one of ours
		w.Header().Set("Content-Type", manifest.MediaType)
		w.Header().Set("Docker-Content-Digest", digestOf(content))
	}
	http.ServeContent(w, r, "", noTime, bytes.NewReader(content))
}

func digestOf(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

type descriptor struct {
	MediaType string    `json:"mediaType"`
	Digest    string    `json:"digest"`
	Size      int64     `json:"size"`
	Platform  *platform `json:"platform,omitempty"`
}

type platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
}

const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeGzip     = "application/vnd.oci.image.layer.v1.tar+gzip"
	typeZstd     = "application/vnd.oci.image.layer.v1.tar+zstd"
	typeTar      = "application/vnd.oci.image.layer.v1.tar"
)

func (s *registry) putBlob(mediaType string, content []byte) descriptor {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[digestOf(content)] = content
	return descriptor{MediaType: mediaType, Digest: digestOf(content), Size: int64(len(content))}
}

func (s *registry) putDocument(tag, mediaType string, content any) descriptor {
	data, err := json.Marshal(content)
	if err != nil {
		panic(err) // values of this file
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manifests[digestOf(data)] = data
	s.manifests[tag] = data
	return descriptor{MediaType: mediaType, Digest: digestOf(data), Size: int64(len(data))}
}

// putImage puts layers under the tag v1, whatever their descriptors say.
func (s *registry) putImage(layers ...descriptor) descriptor {
	diffIDs := make([]string, len(layers))
	for i := range layers {
		diffIDs[i] = digestOf([]byte(fmt.Sprint("diff of ", i)))
	}
	config, _ := json.Marshal(map[string]any{
		"os": "linux", "architecture": "amd64", "rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
	})
	return s.putDocument("v1", typeManifest, map[string]any{
		"schemaVersion": 2, "mediaType": typeManifest, "config": s.putBlob(typeConfig, config), "layers": layers,
	})
}

func (s *registry) putIndex(tag string, entries ...descriptor) descriptor {
	return s.putDocument(tag, typeIndex, map[string]any{
		"schemaVersion": 2, "mediaType": typeIndex, "manifests": entries,
	})
}

// tarOf is a tar of one file; a size of its header that is not the content's is a lie.
func tarOf(name string, content []byte, size int64) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg}) // into memory
	_, _ = w.Write(content)
	if int64(len(content)) == size {
		_ = w.Close()
	}
	return b.Bytes()
}

func compressGzip(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content) // into memory
	_ = w.Close()
	return b.Bytes()
}

// makeGzipBomb is a file of zeros, a thousandth of its size: members of 64 MiB, one behind the
// other.
func makeGzipBomb(gib int) []byte {
	const member = 64 << 20
	size := int64(gib) << 30
	bomb := compressGzip(tarOf("zeros", nil, size))
	for zeros := compressGzip(make([]byte, member)); size > 0; size -= member {
		bomb = append(bomb, zeros...)
	}
	return append(bomb, compressGzip(make([]byte, 1024))...)
}

// makeZstdBomb is the same, and a thirty-thousandth of its size: blocks of one byte that is
// repeated (RFC 8878, section 3.1.1.2).
func makeZstdBomb(gib int) []byte {
	const block, raw, repeated, windowLog17 = 128 << 10, 0, 1, 7 << 3
	bomb := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, windowLog17}
	header := func(last, kind, size int) {
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], uint32(last|kind<<1|size<<3))
		bomb = append(bomb, b[:3]...)
	}
	start := tarOf("zeros", nil, int64(gib)<<30)
	header(0, raw, len(start))
	bomb = append(bomb, start...)
	for range gib << 30 / block {
		header(0, repeated, block)
		bomb = append(bomb, 0)
	}
	header(1, repeated, 1024)
	return append(bomb, 0)
}
