//go:build linux

package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// composeTrees returns one layer of several trees, each below a folder of its own: as large as
// layers of AI images are, of real content.
func composeTrees(parts ...recipe) recipe {
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
	err := copyEntries(out, prefix, tar.NewReader(reader), math.MaxInt64)
	if err == nil {
		_, err = io.Copy(io.Discard, reader) // the padding behind the last entry
	}
	return errors.Join(err, reader.Close())
}

// copyEntries copies entries with a prefix to their names, until their content has so many bytes.
func copyEntries(out *tar.Writer, prefix string, in *tar.Reader, most int64) error {
	for copied := int64(0); copied < most; {
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
		if header.Name == "" { // the root itself
			continue
		}
		if err := out.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
		n, err := io.Copy(out, in)
		if err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
		copied += n
	}
	return nil
}

// takeExcerpt returns the beginning of a tree: entries until their content has most bytes. Hard
// links come after their targets.
func takeExcerpt(part recipe, most int64) recipe {
	return func(ctx context.Context, w io.Writer) error {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(part(ctx, writer)) }()
		defer func() { _ = reader.Close() }() // what is left of the tree is not read
		out := tar.NewWriter(w)
		if err := copyEntries(out, "", tar.NewReader(reader), most); err != nil {
			return err
		}
		return out.Close()
	}
}
