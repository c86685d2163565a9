package jsontoc

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/klauspost/compress/gzip"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/unpack"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// tableReader reads one table of contents.
type tableReader struct {
	ctx   context.Context
	in    *layersize.Input
	table table
	files *tableCount
}

// readTable reads the table and verifies it, and counts what it lists.
func (r *tableReader) readTable() error {
	t := r.table
	if t.at <= 0 || t.size <= 0 || t.at > r.in.Size || t.size > r.in.Size-t.at || r.files.segments.Payload < 0 {
		return fmt.Errorf("%w: it does not lie within the blob", layersize.ErrTable)
	}
	if t.size > r.in.Reader.Left()+r.in.Ends {
		return fmt.Errorf("%w: it has %d bytes", rangeread.ErrBudget, t.size)
	}
	section, open, err := r.openSection()
	if err != nil {
		return err
	}
	sum := sha256.New()
	section = io.TeeReader(section, sum)
	if err := r.readJSON(section, open); err != nil {
		return err
	}
	// What the decompressor left over belongs to the checksum too.
	if _, err := io.Copy(io.Discard, section); err != nil {
		return err
	}
	if err := verifyDigest(sum, t.checksum); err != nil {
		return err
	}
	if r.in.Compression == mediatype.Zstandard {
		if err := r.followFrames(t.at + t.size); err != nil {
			return err
		}
	}
	if err := r.files.segments.CheckPlausible(r.in.Compression); err != nil {
		return fmt.Errorf("%w: %w", layersize.ErrTable, err)
	}
	return nil
}

// opener opens a compressed table.
type opener func(io.Reader) (io.ReadCloser, error)

// openSection returns the compressed table, and what opens it.
func (r *tableReader) openSection() (io.Reader, opener, error) {
	t := r.table
	if r.in.Compression == mediatype.Gzip {
		return r.in.Reader.Section(t.at, t.size, min(t.size, tocStep)), openStargzTOC, nil
	}
	length := compression.SkippableHeader + t.size
	framed := r.in.Reader.Section(t.at-compression.SkippableHeader, length, min(length, tocStep))
	return framed, openChunkedTOC, expectFrame(framed, t.size)
}

// expectFrame reads the header of the skippable frame that is the table.
func expectFrame(r io.Reader, size int64) error {
	var header [compression.SkippableHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return err
	}
	if !compression.IsSkippable(header[:]) || int64(binary.LittleEndian.Uint32(header[4:])) != size {
		return fmt.Errorf("%w: its place holds no skippable frame of its size", layersize.ErrTable)
	}
	return nil
}

// followFrames expects nothing but skippable frames from an offset to the end of the blob.
func (r *tableReader) followFrames(at int64) error {
	for frames := 0; at < r.in.Size; frames++ {
		var header [compression.SkippableHeader]byte
		if _, err := r.in.Reader.ReadAt(header[:], at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !compression.IsSkippable(header[:]) || frames == maxFrames {
			return fmt.Errorf("%w: more than its frames lies behind it", layersize.ErrTable)
		}
		at += compression.SkippableHeader + int64(binary.LittleEndian.Uint32(header[4:]))
	}
	if at > r.in.Size {
		return fmt.Errorf("%w: the last frame is cut", layersize.ErrTable)
	}
	return nil
}

// readJSON unpacks the table and counts it, and verifies the digest of the JSON.
func (r *tableReader) readJSON(compressed io.Reader, open opener) error {
	unpacked, err := open(compressed)
	if err != nil {
		return fmt.Errorf("%w: %w", layersize.ErrTable, err)
	}
	defer func() { _ = unpacked.Close() }()
	sum := sha256.New()
	limited := &jsonMeter{ctx: r.ctx, r: io.TeeReader(unpacked, sum), total: tocLimit(r.table.size)}
	if err := r.files.decodeJSON(limited); err != nil {
		return fmt.Errorf("%w: %w", layersize.ErrTable, err)
	}
	if err := limited.readRest(); err != nil {
		return fmt.Errorf("%w: %w", layersize.ErrTable, err)
	}
	r.files.length = limited.read
	if length := r.table.length; length >= 0 && length != limited.read {
		return fmt.Errorf("%w: %d bytes, %d announced", layersize.ErrTable, limited.read, length)
	}
	if member, ok := unpacked.(*stargzTOC); ok {
		if err := member.expectEnd(); err != nil {
			return fmt.Errorf("%w: %w", layersize.ErrTable, err)
		}
	}
	return verifyDigest(sum, r.table.digest)
}

func verifyDigest(sum hash.Hash, digest string) error {
	if want, ok := strings.CutPrefix(digest, "sha256:"); ok && want != fmt.Sprintf("%x", sum.Sum(nil)) {
		return fmt.Errorf("%w: its digest is not the annotated one", layersize.ErrTable)
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
	if err == nil && (len(rest) == maxTarEnd || !toc.IsZero(rest)) {
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

func openChunkedTOC(r io.Reader) (io.ReadCloser, error) { return unpack.NewZstd(r, unpack.FreeWindow) }
