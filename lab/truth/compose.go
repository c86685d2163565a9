//go:build linux

package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// composed is one layer of several trees, each below a folder of its own: as large as layers of AI images are, of content that is real.
func composed(parts ...recipe) recipe {
	return func(ctx context.Context, w io.Writer) error {
		out := tar.NewWriter(w)
		for i, part := range parts {
			if err := copyBelow(ctx, out, fmt.Sprintf("part-%02d/", i), part); err != nil {
				return err
			}
		}
		return out.Close()
	}
}

// copyBelow copies the entries of a tar with a prefix to their names.
func copyBelow(ctx context.Context, out *tar.Writer, prefix string, part recipe) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(part(ctx, writer)) }()
	err := copyEntries(out, prefix, tar.NewReader(reader))
	if err == nil {
		_, err = io.Copy(io.Discard, reader) // the padding behind the last entry
	}
	return errors.Join(err, reader.Close())
}

func copyEntries(out *tar.Writer, prefix string, in *tar.Reader) error {
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		header.Name = prefix + strings.TrimPrefix(header.Name, "./")
		if header.Typeflag == tar.TypeLink {
			header.Linkname = prefix + strings.TrimPrefix(header.Linkname, "./")
		}
		if err := out.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
		if _, err := io.Copy(out, in); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}
