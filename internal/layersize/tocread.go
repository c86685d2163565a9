package layersize

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/klauspost/compress/gzip"
)

func (p *probe) readTable(t table, packed compression, files *tocCount) error {
	if t.at <= 0 || t.size <= 0 || t.at > p.layer.Size || t.size > p.layer.Size-t.at || files.segments.payload < 0 {
		return fmt.Errorf("%w: it does not lie within the blob", ErrTable)
	}
	if t.size > p.blob.left+p.end {
		return fmt.Errorf("%w: it has %d bytes", errBudget, t.size)
	}
	section := io.Reader(p.blob.section(t.at, t.size, min(t.size, tocStep)))
	open := openStargzTOC
	if packed == packedZstd {
		framed := p.blob.section(t.at-skippableHeader, skippableHeader+t.size, min(skippableHeader+t.size, tocStep))
		if err := expectFrame(framed, t.size); err != nil {
			return err
		}
		section, open = framed, openChunkedTOC
	}
	sum := sha256.New()
	section = io.TeeReader(section, sum)
	if err := p.readJSON(section, open, t, files); err != nil {
		return err
	}
	// What the decompressor left over belongs to the checksum too.
	if _, err := io.Copy(io.Discard, section); err != nil {
		return err
	}
	if err := verify(sum, t.checksum); err != nil {
		return err
	}
	if packed == packedZstd {
		if err := p.followFrames(t.at + t.size); err != nil {
			return err
		}
	}
	if err := files.segments.complete(packed); err != nil {
		return fmt.Errorf("%w: %w", ErrTable, err)
	}
	return nil
}

// expectFrame reads the header of the skippable frame that is the table.
func expectFrame(r io.Reader, size int64) error {
	var header [skippableHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return err
	}
	if header[0]&0xf0 != 0x50 || !bytes.Equal(header[1:4], magicSkip) || int64(binary.LittleEndian.Uint32(header[4:])) != size {
		return fmt.Errorf("%w: its place holds no skippable frame of its size", ErrTable)
	}
	return nil
}

// followFrames expects nothing but skippable frames from an offset to the end of the blob.
func (p *probe) followFrames(at int64) error {
	for frames := 0; at < p.layer.Size; frames++ {
		var header [skippableHeader]byte
		if _, err := p.blob.ReadAt(header[:], at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if header[0]&0xf0 != 0x50 || !bytes.Equal(header[1:4], magicSkip) || frames == maxFrames {
			return fmt.Errorf("%w: more than its frames lies behind it", ErrTable)
		}
		at += skippableHeader + int64(binary.LittleEndian.Uint32(header[4:]))
	}
	if at > p.layer.Size {
		return fmt.Errorf("%w: the last frame is cut", ErrTable)
	}
	return nil
}

// readJSON unpacks the table and counts it, and verifies the digest of the JSON.
func (p *probe) readJSON(r io.Reader, open func(io.Reader) (io.ReadCloser, error), t table, files *tocCount) error {
	unpacked, err := open(r)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTable, err)
	}
	defer func() { _ = unpacked.Close() }()
	sum := sha256.New()
	limited := &meter{ctx: p.ctx, r: io.TeeReader(unpacked, sum), total: tocLimit(t.size)}
	if err := files.decode(limited); err != nil {
		return fmt.Errorf("%w: %w", ErrTable, err)
	}
	if err := limited.drain(); err != nil {
		return fmt.Errorf("%w: %w", ErrTable, err)
	}
	files.length = limited.read
	if t.length >= 0 && t.length != limited.read {
		return fmt.Errorf("%w: %d bytes, %d announced", ErrTable, limited.read, t.length)
	}
	if member, ok := unpacked.(*stargzTOC); ok {
		if err := member.expectEnd(); err != nil {
			return fmt.Errorf("%w: %w", ErrTable, err)
		}
	}
	return verify(sum, t.digest)
}

func verify(sum hash.Hash, digest string) error {
	if want, ok := strings.CutPrefix(digest, "sha256:"); ok && want != fmt.Sprintf("%x", sum.Sum(nil)) {
		return fmt.Errorf("%w: its digest is not the annotated one", ErrTable)
	}
	return nil
}

// stargzTOC is the one file in the tar in the gzip member that is the table.
type stargzTOC struct {
	*tar.Reader
	member *gzip.Reader
}

// Close closes the member.
func (s *stargzTOC) Close() error { return s.member.Close() }

// expectEnd makes sure that the tar has no further file.
func (s *stargzTOC) expectEnd() error {
	if header, err := s.Next(); err == nil {
		return fmt.Errorf("behind it lies a file %.64q", header.Name)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	rest, err := io.ReadAll(io.LimitReader(s.member, maxTarEnd))
	if err == nil && (len(rest) == maxTarEnd || !isZero(rest)) {
		err = errors.New("behind it lies more than the end of a tar")
	}
	return err
}

func openStargzTOC(r io.Reader) (io.ReadCloser, error) {
	member, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	tape := tar.NewReader(member)
	header, err := tape.Next()
	if err != nil {
		return nil, err
	}
	if header.Name != estargz.TOCTarName {
		return nil, fmt.Errorf("its place holds a file %.64q", header.Name)
	}
	return &stargzTOC{tape, member}, nil
}

func openChunkedTOC(r io.Reader) (io.ReadCloser, error) { return newZstd(r, freeWindow) }
