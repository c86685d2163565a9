//go:build linux

package main

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// materials are what spliced layers are made of, packed in one format.
type materials struct {
	format  giant.Format
	base    material
	trees   []material // each at most once in a layer, since its names are
	weights []material // pieces of files
	text    material
}

// material is a segment, and what it takes on the disk where it is a tree.
type material struct {
	giant.Segment
	Disk  use
	title string
}

func (m *materials) formatName() string {
	if m.format == giant.Zstandard {
		return "zstd"
	}
	return "gzip"
}

// pieceBytes is how long a piece of a file is: a file of several pieces is as long as one of a
// model or of a data set.
const pieceBytes = 256 * mib

// packMaterials packs real trees, each below a folder of its own, and what large files hold:
// weights in bfloat16, what does not compress, and the text of packages. What an earlier run packed
// into the folder is used as it is.
func packMaterials(ctx context.Context, cache, folder string, format giant.Format) (*materials, error) {
	large := takeExcerpt(debianPackages(cache, debianRelease+"-training", training).asRecipe(), gib)
	trees := map[string]recipe{
		"base":    minimalDebian(cache).asRecipe(),
		"science": debianPackages(cache, debianRelease+"-science", science).asRecipe(), "training": large,
		"web": npmModules(cache, "web-modules", webModules).asRecipe(),
	}
	files := map[string]recipe{"bfloat16": bytesOf(halfFloats), "quantized": bytesOf(noise)}
	m := &materials{format: format}
	for _, title := range slices.Sorted(maps.Keys(trees)) {
		tree, err := m.prepareMaterial(ctx, folder, title, putBelow(title, trees[title]), true)
		if err != nil {
			return nil, err
		}
		m.trees = append(m.trees, tree)
	}
	m.base = m.trees[0]
	for _, title := range slices.Sorted(maps.Keys(files)) {
		piece, err := m.prepareMaterial(ctx, folder, title, files[title], false)
		if err != nil {
			return nil, err
		}
		m.weights = append(m.weights, piece)
	}
	var err error
	m.text, err = m.prepareMaterial(ctx, folder, "text", firstBytes(textOf(large), pieceBytes), false)
	return m, err
}

// prepareMaterial packs content into a file, which the layers read, and counts it where it is a
// tree. The description of the material is written last, so that one that exists is whole.
func (m *materials) prepareMaterial(
	ctx context.Context, folder, title string, content recipe, isTree bool,
) (made material, err error) {
	path := filepath.Join(folder, title+"."+m.formatName())
	if text, err := os.ReadFile(path + ".json"); err == nil {
		if err := json.Unmarshal(text, &made); err != nil {
			return made, err
		}
	} else {
		if made, err = m.packFile(ctx, path, content); err != nil {
			return made, err
		}
		if isTree {
			if made.Disk, err = countTree(ctx, content); err != nil {
				return made, err
			}
		}
		text, err := json.Marshal(made)
		if err := errors.Join(err, os.WriteFile(path+".json", text, 0o600)); err != nil {
			return made, err
		}
	}
	made.title = title
	made.Packed, err = os.Open(path)
	return made, err
}

func (m *materials) packFile(ctx context.Context, path string, content recipe) (_ material, err error) {
	file, err := os.Create(path)
	if err != nil {
		return material{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(content(ctx, writer)) }()
	out := bufio.NewWriterSize(file, mib)
	segment, err := m.format.Pack(out, reader)
	return material{Segment: segment}, errors.Join(err, out.Flush(), reader.Close())
}

// countTree returns what a tree takes on the disk, without the root that every layer has.
func countTree(ctx context.Context, tree recipe) (use, error) {
	reader, writer := io.Pipe()
	defer func() { _ = reader.Close() }()
	go func() { writer.CloseWithError(tree(ctx, writer)) }()
	size := &countingWriter{}
	if err := tree(ctx, size); err != nil {
		return use{}, err
	}
	layer := layersize.Layer{MediaType: string(types.OCIUncompressedLayer), Size: size.n}
	counted, err := stream.Count(ctx, reader, layer, stream.Limits{})
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

// drawLayer draws what a layer holds: packages, a model, packages and the model that they run, or
// data. Its files are of one kind, as those that one instruction of a Dockerfile copies.
func (m *materials) drawLayer(random *rand.Rand, size int64) (trees []material, file material) {
	kinds := []struct{ packages, model, data bool }{
		{packages: true}, {packages: true}, {model: true}, {model: true}, {model: true},
		{packages: true, model: true}, {packages: true, model: true}, {data: true},
	}
	kind := kinds[random.IntN(len(kinds))]
	for _, i := range random.Perm(len(m.trees)) {
		if tree := m.trees[i]; kind.packages && tree.Unpacked < size && (len(trees) == 0 || random.IntN(2) == 0) {
			trees, size = append(trees, tree), size-tree.Unpacked
		}
	}
	switch {
	case kind.data:
		file = m.text
	case kind.model:
		file = m.weights[random.IntN(len(m.weights))]
	}
	return trees, file
}

// spliceLayer makes a layer of trees and of files of one kind, size bytes or somewhat more in all,
// and returns what it takes unpacked.
func (m *materials) spliceLayer(
	name string, trees []material, file material, size int64, random *rand.Rand,
) (*giant.Layer, use) {
	s := giant.NewSplicer(m.format, name)
	taken, left := use{disksize.BlockSize, 1}, size
	for _, tree := range trees {
		s.AddTree(tree.Segment)
		taken.Bytes += tree.Disk.Bytes + disksize.Blocks(m.format.SeamBytes())
		taken.Inodes += tree.Disk.Inodes + 1
		left -= tree.Unpacked
	}
	for n := 0; left > 0 && file.Unpacked > 0; n++ {
		count := min(1+random.Int64N(mostPieces), (left+pieceBytes-1)/pieceBytes)
		pieces := slices.Repeat([]giant.Segment{file.Segment}, int(count))
		length := s.AddFile(fmt.Sprintf("%s-%02d", file.title, n), pieces...)
		taken.Bytes += disksize.Blocks(length)
		taken.Inodes++
		left -= length
	}
	return s.Finish(), taken
}

// putBelow returns a tree below a folder, without the end of its tar.
func putBelow(folder string, tree recipe) recipe {
	return func(ctx context.Context, w io.Writer) error {
		out := tar.NewWriter(w)
		return errors.Join(copyBelow(ctx, out, folder+"/", tree), out.Flush())
	}
}

// bytesOf returns the bytes of one piece of a content.
func bytesOf(of *content) recipe {
	return func(ctx context.Context, w io.Writer) error {
		random := rand.NewChaCha8([32]byte{0: 77})
		_, err := io.CopyN(w, giant.NewReader(ctx, &source{content: of, random: random}), pieceBytes)
		return err
	}
}

// textOf returns the texts of a tree, one after the other: source code and documentation.
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
				if _, err := io.Copy(w, in); err != nil { //nolint:gosec // a tar of our own
					return err
				}
			}
		}
	}
}

// firstBytes returns the first length bytes of a content that has as many.
func firstBytes(of recipe, length int64) recipe {
	return func(ctx context.Context, w io.Writer) error {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(of(ctx, writer)) }()
		_, err := io.CopyN(w, reader, length)
		return errors.Join(err, reader.Close())
	}
}
