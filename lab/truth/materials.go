//go:build linux

package main

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// materials are what spliced layers are made of, packed in one format.
type materials struct {
	format giant.Format
	base   material
	trees  []material // each at most once in a layer, since its names are
	pieces []material // of files
}

// material is a segment, and what it takes on the disk where it is a tree.
type material struct {
	giant.Segment
	title string
	disk  use
}

func (m *materials) name() string {
	if m.format == giant.Zstandard {
		return "zstd"
	}
	return "gzip"
}

// pieceBytes is how long a piece of a file is: a file of several pieces is as long as one of a model or of a data set.
const pieceBytes = 256 * mib

// packMaterials packs real trees, each below a folder of its own, and what large files hold: weights in bfloat16, what does not
// compress, and text, which is that of the packages.
func packMaterials(ctx context.Context, cache, folder string, format giant.Format) (*materials, error) {
	large := excerpt(debianPackages(cache, debianRelease+"-training", training).recipe(), gib)
	trees := map[string]recipe{
		"base": minimalDebian(cache).recipe(), "science": debianPackages(cache, debianRelease+"-science", science).recipe(),
		"training": large, "web": npmModules(cache, "web-modules", webModules).recipe(),
	}
	files := map[string]recipe{"bfloat16": bytesOf(halfFloats), "quantized": bytesOf(noise), "text": firstBytes(textOf(large), pieceBytes)}
	m := &materials{format: format}
	for _, title := range []string{"base", "science", "training", "web"} {
		tree, err := m.pack(ctx, folder, title, below(title, trees[title]))
		if err != nil {
			return nil, err
		}
		if tree.disk, err = countTree(ctx, below(title, trees[title])); err != nil {
			return nil, err
		}
		m.trees = append(m.trees, tree)
	}
	m.base = m.trees[0]
	for _, title := range []string{"bfloat16", "quantized", "text"} {
		piece, err := m.pack(ctx, folder, title, files[title])
		if err != nil {
			return nil, err
		}
		m.pieces = append(m.pieces, piece)
	}
	return m, nil
}

// pack packs content into a file, which the layers read.
func (m *materials) pack(ctx context.Context, folder, title string, content recipe) (_ material, err error) {
	file, err := os.Create(filepath.Join(folder, title))
	if err != nil {
		return material{}, err
	}
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(content(ctx, writer)) }()
	out := bufio.NewWriterSize(file, mib)
	segment, err := m.format.Pack(out, reader)
	segment.Packed = file
	return material{Segment: segment, title: title}, errors.Join(err, out.Flush(), reader.Close())
}

// countTree counts what a tree takes on the disk, without the root that every layer has.
func countTree(ctx context.Context, tree recipe) (use, error) {
	reader, writer := io.Pipe()
	defer func() { _ = reader.Close() }()
	go func() { writer.CloseWithError(tree(ctx, writer)) }()
	size := &countingWriter{}
	if err := tree(ctx, size); err != nil {
		return use{}, err
	}
	counted, err := stream.Count(ctx, reader, layersize.Layer{MediaType: "application/vnd.oci.image.layer.v1.tar", Size: size.n}, stream.Limits{})
	if err != nil {
		return use{}, err
	}
	if len(counted.Refusals) > 0 || counted.Inodes == nil {
		return use{}, fmt.Errorf("containerd refuses the tree, or it was not counted: %+v", counted)
	}
	return use{counted.DiskBytes.Value - disksize.BlockSize, *counted.Inodes - 1}, nil
}

type countingWriter struct{ n int64 }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// drawTrees draws trees that fit into a layer of so many bytes.
func (m *materials) drawTrees(random *rand.Rand, size int64) (drawn []material) {
	for _, i := range random.Perm(len(m.trees)) {
		if tree := m.trees[i]; tree.Unpacked < size && random.IntN(2) == 0 {
			drawn, size = append(drawn, tree), size-tree.Unpacked
		}
	}
	return drawn
}

// splice makes a layer of trees and, until it is as long as it shall be, of files, and returns what it takes unpacked.
func (m *materials) splice(name string, trees []material, size int64, random *rand.Rand) (*giant.Layer, use) {
	s := giant.NewSplicer(m.format, name)
	taken, left := use{disksize.BlockSize, 1}, size
	for _, tree := range trees {
		s.AddTree(tree.Segment)
		taken.Bytes += tree.disk.Bytes + disksize.Blocks(m.format.SeamBytes())
		taken.Inodes += tree.disk.Inodes + 1
		left -= tree.Unpacked
	}
	for n := 0; left > 0; n++ {
		piece := m.pieces[random.IntN(len(m.pieces))]
		count := min(1+random.Int64N(mostPieces), (left+pieceBytes-1)/pieceBytes)
		length := s.AddFile(fmt.Sprintf("%s-%02d", piece.title, n), slices.Repeat([]giant.Segment{piece.Segment}, int(count))...)
		taken.Bytes += disksize.Blocks(length)
		taken.Inodes++
		left -= length
	}
	return s.Finish(), taken
}

// below is a tree below a folder, without the end of its tar.
func below(folder string, tree recipe) recipe {
	return func(ctx context.Context, w io.Writer) error {
		out := tar.NewWriter(w)
		return errors.Join(copyBelow(ctx, out, folder+"/", tree), out.Flush())
	}
}

// bytesOf are the bytes of one piece of a content.
func bytesOf(of *content) recipe {
	return func(ctx context.Context, w io.Writer) error {
		random := rand.NewChaCha8([32]byte{0: 77})
		_, err := io.CopyN(w, cancelable{ctx, &source{content: of, random: random}}, pieceBytes)
		return err
	}
}

// textOf are the texts of a tree, one after the other: programs in source, and documentation.
func textOf(tree recipe) recipe {
	suffixes := []string{".py", ".h", ".txt", ".md", ".json", ".hpp", ".c", ".rst", ".html"}
	return func(ctx context.Context, w io.Writer) error {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(tree(ctx, writer)) }()
		defer func() { _ = reader.Close() }()
		for in := tar.NewReader(reader); ; {
			header, err := in.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if slices.Contains(suffixes, path.Ext(header.Name)) {
				if _, err := io.Copy(w, in); err != nil {
					return err
				}
			}
		}
	}
}

// firstBytes is the beginning of a content that is long enough.
func firstBytes(of recipe, length int64) recipe {
	return func(ctx context.Context, w io.Writer) error {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(of(ctx, writer)) }()
		_, err := io.CopyN(w, reader, length)
		return errors.Join(err, reader.Close())
	}
}
