//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/sandbox"
)

// zstd:chunked: the tar as a sequence of Zstandard frames, the content of each file in one of its own; then, in skippable frames
// that a decompressor passes over, the table of contents and a footer that says where it is. The annotations say it too.
const (
	skippable      = 0x184D2A50
	skippableSize  = 8 // magic and length
	chunkedFooter  = "GNUlInUx"
	chunkedVersion = 1
	chunkedType    = 1 // of the table: CRFS
	chunkedPrefix  = "io.github.containers.zstd-chunked."
)

// chunkedEntry is a file in the table.
type chunkedEntry struct {
	Type      string            `json:"type"`
	Name      string            `json:"name"`
	Link      string            `json:"linkName,omitempty"`
	Mode      int64             `json:"mode,omitempty"`
	Size      int64             `json:"size,omitempty"`
	UID       int               `json:"uid,omitempty"`
	GID       int               `json:"gid,omitempty"`
	Xattrs    map[string]string `json:"xattrs,omitempty"`
	Digest    string            `json:"digest,omitempty"`
	Offset    int64             `json:"offset,omitempty"`
	EndOffset int64             `json:"endOffset,omitempty"`
}

// chunkedTypes are the table's words for a tar's.
var chunkedTypes = map[byte]string{
	tar.TypeReg: "reg", tar.TypeLink: "hardlink", tar.TypeSymlink: "symlink", tar.TypeDir: "dir",
	tar.TypeChar: "char", tar.TypeBlock: "block", tar.TypeFifo: "fifo",
}

// chunked packs with a table of contents at the end.
func chunked(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
	frames, err := newFrames(blob)
	if err != nil {
		return packed{}, err
	}
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(tar(ctx, writer)) }()
	diffID := sha256.New()
	entries, err := frames.tar(io.TeeReader(reader, diffID))
	if err := errors.Join(err, reader.Close()); err != nil {
		return packed{}, err
	}
	annotations, err := frames.table(entries)
	return packed{mediaType: types.OCILayerZStd, diffID: sandbox.Sum(diffID), annotations: annotations}, err
}

// frames writes Zstandard frames one after the other.
type frames struct {
	out     *counter
	encoder *zstd.Encoder
}

func newFrames(blob io.Writer) (*frames, error) {
	f := &frames{out: &counter{out: blob}}
	var err error
	// One goroutine: the frames are many and small.
	f.encoder, err = zstd.NewWriter(f.out, zstd.WithEncoderConcurrency(1))
	return f, err
}

// next ends a frame and begins another one.
func (f *frames) next() error {
	err := f.encoder.Close()
	f.encoder.Reset(f.out)
	return err
}

// tar copies a tar into frames. What the tar's reader takes goes into the present frame, so that headers and padding come along.
func (f *frames) tar(r io.Reader) ([]chunkedEntry, error) {
	raw := io.TeeReader(r, f.encoder)
	archive := tar.NewReader(raw)
	var entries []chunkedEntry
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		entry, err := entryOf(header)
		if err != nil {
			return nil, err
		}
		if entry.Size > 0 {
			if err := f.content(archive, &entry); err != nil {
				return nil, err
			}
		}
		entries = append(entries, entry)
	}
	if _, err := io.Copy(io.Discard, raw); err != nil { // the zeros behind the end
		return nil, err
	}
	return entries, f.encoder.Close()
}

// content gives a file's content a frame of its own.
func (f *frames) content(r io.Reader, entry *chunkedEntry) error {
	if err := f.next(); err != nil {
		return err
	}
	entry.Offset = f.out.n
	digest := sha256.New()
	if _, err := io.Copy(digest, r); err != nil {
		return err
	}
	entry.Digest = sandbox.Sum(digest).String()
	err := f.next()
	entry.EndOffset = f.out.n
	return err
}

func entryOf(h *tar.Header) (chunkedEntry, error) {
	kind, ok := chunkedTypes[h.Typeflag]
	if !ok {
		return chunkedEntry{}, fmt.Errorf("%s: a table of contents has no word for type %q", h.Name, h.Typeflag)
	}
	entry := chunkedEntry{Type: kind, Name: h.Name, Link: h.Linkname, Mode: h.Mode, UID: h.Uid, GID: h.Gid, Xattrs: map[string]string{}}
	if h.Typeflag == tar.TypeReg {
		entry.Size = h.Size
	}
	for record, value := range h.PAXRecords {
		if name, ok := strings.CutPrefix(record, "SCHILY.xattr."); ok {
			entry.Xattrs[name] = base64.StdEncoding.EncodeToString([]byte(value))
		}
	}
	return entry, nil
}

// table writes the table and the footer, and gives the annotations.
func (f *frames) table(entries []chunkedEntry) (map[string]string, error) {
	plain, err := json.Marshal(map[string]any{"version": chunkedVersion, "entries": entries})
	if err != nil {
		return nil, err
	}
	var compressed bytes.Buffer
	f.encoder.Reset(&compressed)
	if _, err := f.encoder.Write(plain); err != nil {
		return nil, err
	}
	if err := f.encoder.Close(); err != nil {
		return nil, err
	}

	position := []uint64{uint64(f.out.n + skippableSize), uint64(compressed.Len()), uint64(len(plain)), chunkedType}
	footer := make([]byte, 0, 64)
	for _, n := range append(position, 0, 0, 0) { // the last three: where the tar's headers are kept, which is optional
		footer = binary.LittleEndian.AppendUint64(footer, n)
	}
	footer = append(footer, chunkedFooter...)
	if err := errors.Join(f.skippable(compressed.Bytes()), f.skippable(footer)); err != nil {
		return nil, err
	}
	return map[string]string{
		chunkedPrefix + "manifest-position": fmt.Sprintf("%d:%d:%d:%d", position[0], position[1], position[2], position[3]),
		chunkedPrefix + "manifest-checksum": fmt.Sprintf("sha256:%x", sha256.Sum256(compressed.Bytes())),
	}, nil
}

// skippable writes a frame that a decompressor passes over.
func (f *frames) skippable(content []byte) error {
	header := binary.LittleEndian.AppendUint32(nil, skippable)
	header = binary.LittleEndian.AppendUint32(header, uint32(len(content)))
	_, err := f.out.Write(append(header, content...))
	return err
}
