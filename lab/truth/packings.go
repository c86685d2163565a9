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

// packPlain does not compress.
func packPlain(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
	diffID := sha256.New()
	err := tar(ctx, io.MultiWriter(blob, diffID))
	return packed{mediaType: types.OCIUncompressedLayer, diffID: imagetest.Sum(diffID)}, err
}

// packGzip compresses as container builders do.
func packGzip(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
	return compressTar(ctx, types.OCILayer, gzip.NewWriter(blob), tar)
}

// packZstd compresses as container builders do: the frame does not say how long its content is.
func packZstd(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
	encoder, err := zstd.NewWriter(blob)
	if err != nil {
		return packed{}, err
	}
	return compressTar(ctx, types.OCILayerZStd, encoder, tar)
}

// packMembers returns a packing into a gzip stream of many members, each of so many bytes, as
// concatenated archives and some parallel compressors write it.
func packMembers(each int) packing {
	return func(ctx context.Context, blob io.Writer, tar recipe) (packed, error) {
		members := &memberWriter{out: blob, member: gzip.NewWriter(blob), each: each, left: each}
		return compressTar(ctx, types.OCILayer, members, tar)
	}
}

// compressTar writes the tar into a compressor, and closes that.
func compressTar(
	ctx context.Context, mediaType types.MediaType, compressor io.WriteCloser, tar recipe,
) (packed, error) {
	diffID := sha256.New()
	err := tar(ctx, io.MultiWriter(compressor, diffID))
	return packed{mediaType: mediaType, diffID: imagetest.Sum(diffID)}, errors.Join(err, compressor.Close())
}

// packWith returns a packing by a program that reads standard input and writes standard output.
func packWith(mediaType types.MediaType, program string, arguments ...string) packing {
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
		made, err := compressTar(ctx, mediaType, input, tar)
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

// packStargz adds the table of contents of eStargz, which is a file of the layer too, so that the
// tar is another one.
func packStargz(ctx context.Context, blob io.Writer, tar recipe) (made packed, err error) {
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
	built, err := estargz.Build(
		io.NewSectionReader(file, 0, info.Size()), estargz.WithContext(ctx),
		estargz.WithCompressionLevel(gzip.DefaultCompression),
	)
	if err != nil {
		return packed{}, err
	}
	defer func() { err = errors.Join(err, built.Close()) }()
	if _, err := io.Copy(blob, built); err != nil {
		return packed{}, err
	}
	return describeStargz(built)
}

// describeStargz returns what is known of a blob once it was read to its end.
func describeStargz(built *estargz.Blob) (packed, error) {
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
