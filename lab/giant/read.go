package giant

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

func readParts(l *Layer, p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("a negative offset")
	}
	n := 0
	i, found := slices.BinarySearch(l.starts, off)
	if !found {
		i--
	}
	for ; n < len(p) && i >= 0 && i < len(l.parts); i++ {
		if within := off + int64(n) - l.starts[i]; within < int64(len(l.parts[i].packed)) {
			n += copy(p[n:], l.parts[i].packed[within:])
		}
	}
	if from := off + int64(n) - (l.Size - gzipTrailer); n < len(p) && from >= 0 && from < gzipTrailer {
		n += copy(p[n:], l.gzipTrailerBytes()[from:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// gzipTrailerBytes returns the trailer: checksum and length (RFC 1952).
func (l *Layer) gzipTrailerBytes() []byte {
	if l.trailer != nil {
		return l.trailer
	}
	return binary.LittleEndian.AppendUint32(make([]byte, 4), uint32(l.Unpacked))
}

// Open reads the blob from its start.
func (l *Layer) Open() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(l, 0, l.Size)), nil
}

// Seal works out the checksum and the digest, which takes a pass over all that the layer holds. A
// layer that is only sampled does without: they are never looked at.
func (l *Layer) Seal(ctx context.Context) error {
	checksum, digest := uint32(0), sha256.New()
	for _, part := range l.parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		checksum = crc32.Update(checksum, crc32.IEEETable, part.unpacked)
		digest.Write(part.packed)
	}
	l.trailer = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, checksum), uint32(l.Unpacked))
	digest.Write(l.trailer)
	l.Digest = "sha256:" + hex.EncodeToString(digest.Sum(nil))
	return nil
}

// fakeDigest has the form of a digest. That of the tar stays one: only containerd verifies it.
func fakeDigest(of string, seed uint64, size int64) string {
	return digestOf(fmt.Appendf(nil, "%s of layer %d, %d bytes", of, seed, size))
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
