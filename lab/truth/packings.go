//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"github.com/containerd/stargz-snapshotter/estargz"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// plain does not compress.
func plain(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
	diffID := sha256.New()
	err := tar(ctx, io.MultiWriter(blob, diffID))
	return packed{mediaType: types.OCIUncompressedLayer, diffID: imagetest.Sum(diffID)}, err
}

// gzipped compresses as container builders do.
func gzipped(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
	return through(ctx, types.OCILayer, gzip.NewWriter(blob), tar)
}

// zstandard compresses as container builders do: the frame does not say how long its content is.
func zstandard(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
	encoder, err := zstd.NewWriter(blob)
	if err != nil {
		return packed{}, err
	}
	return through(ctx, types.OCILayerZStd, encoder, tar)
}

// members writes a gzip stream of many members, as concatenated archives and some parallel compressors are.
func members(each int) packing {
	return func(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
		return through(ctx, types.OCILayer, &memberWriter{out: blob, member: gzip.NewWriter(blob), each: each, left: each}, tar)
	}
}

// through sends the tar through a compressor.
func through(ctx context.Context, mediaType types.MediaType, compressor io.WriteCloser, tar recipe) (packed, error) {
	diffID := sha256.New()
	err := tar(ctx, io.MultiWriter(compressor, diffID))
	return packed{mediaType: mediaType, diffID: imagetest.Sum(diffID)}, errors.Join(err, compressor.Close())
}

// by compresses with a program that reads standard input and writes standard output.
func by(mediaType types.MediaType, program string, arguments ...string) packing {
	return func(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
		command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the corpus names it
		command.Stdout, command.Stderr = blob, os.Stderr
		input, err := command.StdinPipe()
		if err != nil {
			return packed{}, err
		}
		if err := command.Start(); err != nil {
			return packed{}, err
		}
		made, err := through(ctx, mediaType, input, tar)
		if ended := command.Wait(); ended != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", program, ended))
		}
		return made, err
	}
}

// memberWriter begins a new gzip member after so many bytes.
type memberWriter struct {
	out        io.Writer
	member     *gzip.Writer
	each, left int
}

func (w *memberWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if w.left == 0 {
			if err := w.member.Close(); err != nil {
				return written, err
			}
			w.member.Reset(w.out)
			w.left = w.each
		}
		n, err := w.member.Write(p[:min(len(p), w.left)])
		written, w.left, p = written+n, w.left-n, p[n:]
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (w *memberWriter) Close() error { return w.member.Close() }

// stargz packs with the table of contents of eStargz, which is a file of the layer as well, so that the tar is another one.
func stargz(ctx context.Context, blob io.Writer, tar recipe) (made packed, err error) {
	file, err := os.CreateTemp("", "tar-")
	if err != nil {
		return packed{}, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	if err := tar(ctx, file); err != nil {
		return packed{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return packed{}, err
	}
	built, err := estargz.Build(io.NewSectionReader(file, 0, info.Size()), estargz.WithContext(ctx), estargz.WithCompressionLevel(gzip.DefaultCompression))
	if err != nil {
		return packed{}, err
	}
	defer func() { err = errors.Join(err, built.Close()) }()
	if _, err := io.Copy(blob, built); err != nil {
		return packed{}, err
	}
	return stargzPacked(built)
}

// stargzPacked is known once the blob was read to its end.
func stargzPacked(built *estargz.Blob) (packed, error) {
	diffID, err := v1.NewHash(built.DiffID().String())
	if err != nil {
		return packed{}, err
	}
	length, err := built.UncompressedSize()
	return packed{mediaType: types.OCILayer, diffID: diffID, annotations: map[string]string{
		estargz.TOCJSONDigestAnnotation:         built.TOCDigest().String(),
		estargz.StoreUncompressedSizeAnnotation: strconv.FormatInt(length, 10),
	}}, err
}
