package tketest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// layerCounts remembers what layers hold on a disk. Layers never change, so each is read once per
// server.
type layerCounts struct {
	mu     sync.Mutex
	counts map[v1.Hash]*layerCount
}

type layerCount struct {
	slot   chan struct{} // filled while one reads the layer, so that it is read once
	done   bool
	used   usage
	diffID v1.Hash
}

func (c *layerCounts) countLayer(ctx context.Context, l layer) (usage, error) {
	counted := c.countOf(l.digest)
	select {
	case counted.slot <- struct{}{}:
		defer func() { <-counted.slot }()
		return counted.usageOf(l)
	case <-ctx.Done():
		return usage{}, ctx.Err()
	}
}

func (c *layerCounts) countOf(digest v1.Hash) *layerCount {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts[digest] == nil {
		c.counts[digest] = &layerCount{slot: make(chan struct{}, 1)}
	}
	return c.counts[digest]
}

func (c *layerCount) usageOf(l layer) (usage, error) {
	if !c.done {
		if err := c.readLayer(l); err != nil {
			return usage{}, err
		}
	}
	if c.diffID != l.diffID {
		return usage{}, fmt.Errorf(
			"failed to extract layer %s: wrong diff id %q calculated on extraction", l.diffID, c.diffID,
		)
	}
	return c.used, nil
}

func (c *layerCount) readLayer(l layer) error {
	blob, err := l.open()
	if err != nil {
		return err
	}
	defer func() { _ = blob.Close() }()
	c.used, c.diffID, err = countBlob(blob)
	if err != nil {
		return fmt.Errorf("failed to extract layer %s: %w", l.diffID, err)
	}
	c.done = true
	return nil
}

// countBlob streams a layer through decompression and tar, and keeps nothing of it but counts and a
// digest.
func countBlob(blob io.Reader) (usage, v1.Hash, error) {
	plain, err := newDecompressor(bufio.NewReaderSize(blob, 64<<10))
	if err != nil {
		return usage{}, v1.Hash{}, err
	}
	defer func() { _ = plain.Close() }()
	digest := sha256.New()
	tee := io.TeeReader(plain, digest)
	used, err := countFiles(tar.NewReader(tee))
	if err != nil {
		return usage{}, v1.Hash{}, err
	}
	// What pads the archive behind its end belongs to the digests, of the tar and of the blob.
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return usage{}, v1.Hash{}, err
	}
	return used, v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(digest.Sum(nil))}, nil
}

// newDecompressor chooses by the first bytes, as containerd does, and not by the media type.
func newDecompressor(r *bufio.Reader) (io.ReadCloser, error) {
	magic, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(r)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		decoder, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return decoder.IOReadCloser(), nil
	}
	return io.NopCloser(r), nil
}

// countFiles follows the disk model: files in whole blocks, a block for each directory, and an
// inode for each entry but hard links. Sparse files count in full, except old GNU ones, which
// containerd refuses.
func countFiles(archive *tar.Reader) (usage, error) {
	var used usage
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return used, nil
		}
		if err != nil {
			return usage{}, err
		}
		switch header.Typeflag {
		case tar.TypeLink:
			continue
		case tar.TypeGNUSparse:
			return usage{}, fmt.Errorf("unhandled tar header type %d for %q", header.Typeflag, header.Name)
		case tar.TypeDir:
			used.bytes += blockSize
		case tar.TypeReg:
			used.bytes += roundUpToBlocks(header.Size)
		}
		used.inodes++
	}
}
