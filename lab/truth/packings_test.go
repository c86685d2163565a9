//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// TestPackingsUnpackToTheirTar: containerd checks the diff id, and so does this, without
// containerd.
func TestPackingsUnpackToTheirTar(t *testing.T) {
	t.Parallel()

	for title, pack := range map[string]packing{
		"plain": packPlain, "gzip": packGzip, "zstd": packZstd, "members": packMembers(100_000), "eStargz": packStargz,
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()

			made := generated(t, smallTree(), pack)
			digest := sha256.New()
			if _, err := io.Copy(digest, unpacked(t, made)); err != nil {
				t.Fatal(err)
			}
			if got := imagetest.Sum(digest); got != made.diffID {
				t.Errorf("the tar has the digest %s, the configuration will say %s", got, made.diffID)
			}
		})
	}
}

// TestATableOfContentsIsFound: a probe counts from the table what streaming counts from the files.
func TestATableOfContentsIsFound(t *testing.T) {
	t.Parallel()

	made := generated(t, smallTree(), packStargz)
	input := layersize.Layer{
		MediaType:   string(made.mediaType),
		Size:        made.size,
		Annotations: made.annotations,
		Blob:        onDisk{made.path},
	}
	probed, err := probe.Measure(t.Context(), input, made.size)
	if err != nil {
		t.Fatal(err)
	}
	streamed, err := stream.Measure(t.Context(), input, stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if probed.Method != layersize.MethodTOC || !probed.Exact {
		t.Fatalf("method %s, exact %t (%s), want an exact table of contents", probed.Method, probed.Exact, probed.Note)
	}
	if probed.DiskBytes != streamed.DiskBytes || *probed.Inodes != *streamed.Inodes {
		t.Errorf("the table has %v and %d inodes, the files %v and %d",
			probed.DiskBytes, *probed.Inodes, streamed.DiskBytes, *streamed.Inodes)
	}
}

func TestMembersAreMany(t *testing.T) {
	t.Parallel()

	made := generated(t, smallTree(), packMembers(100_000))
	blob, err := made.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	whole, err := io.ReadAll(blob)
	if err != nil {
		t.Fatal(err)
	}
	rest := bytes.NewReader(whole) // a ByteReader, so that a member is not read beyond its end
	count := 0
	for r := new(gzip.Reader); rest.Len() > 0; count++ {
		if err := r.Reset(rest); err != nil {
			t.Fatal(err)
		}
		r.Multistream(false)
		if n, err := io.Copy(io.Discard, r); err != nil || n > 100_000 {
			t.Fatalf("a member of %d bytes, error %v", n, err)
		}
	}
	if count < 5 {
		t.Errorf("%d members, want more", count)
	}
}

func TestRecipesAreDeterministic(t *testing.T) {
	t.Parallel()

	for title, r := range map[string]recipe{
		"mixture":           makeMixture(3, 3*mib, text, noise, records, halves, zeros, periodic),
		"whiteouts":         makeWhiteouts(12)[9].tar,
		"attributed files":  makeAttributedFiles(30),
		"symlinks":          makeSymlinks(40),
		"crowded directory": makeCrowdedDirectory(20),
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()

			if a, b := generated(t, r, packPlain), generated(t, r, packPlain); a.digest != b.digest {
				t.Errorf("twice the same recipe, but %s and %s", a.digest, b.digest)
			}
		})
	}
}

func TestRecipeEndsWithItsContext(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for title, r := range map[string]recipe{"entries": makeModels(1, 1, gib, noise), "sparse": makeSparseFile(mib)} {
		if err := r(ctx, io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want that of the context", title, err)
		}
	}
}

func TestSparseFileIsStoredSparse(t *testing.T) {
	t.Parallel()

	made := generated(t, makeSparseFile(64*mib), packPlain)
	if made.size > 2*mib {
		t.Errorf("a tar of %d bytes for 64 KiB of data", made.size)
	}
	header, err := tar.NewReader(unpacked(t, made)).Next()
	if err != nil || header.Size != 64*mib {
		t.Errorf("header %+v, error %v, want a file of 64 MiB", header, err)
	}
}

// smallTree is a small tree of files, links and folders that are only implied.
func smallTree() recipe {
	return newRecipe(9, func(t *tarWriter) {
		t.addFolder("usr")
		for f := range 16 { // a blob that is too large to be read whole
			t.addFile("usr/data-"+string(rune('a'+f)), mib/8, noise)
		}
		for f := range 40 {
			t.addFile("usr/lib/file-"+string(rune('a'+f)), t.drawBelow(40_000), text)
		}
		t.addFile("usr/empty", 0, text)
		t.addHardlink("usr/link", "usr/lib/file-a")
		t.addSymlink("usr/symlink", "lib")
		t.addAttributedFile("usr/tool", 5000, noise, map[string]string{"user.note": "of no consequence"})
	})
}

func generated(t *testing.T, r recipe, pack packing) *layer {
	t.Helper()

	made, err := (&part{r, pack}).generateLayer(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// unpacked opens the tar of a layer with the decompressors that containerd uses.
func unpacked(t *testing.T, l *layer) io.Reader {
	t.Helper()

	blob, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blob.Close() })
	switch l.mediaType {
	case types.OCILayer:
		r, err := gzip.NewReader(blob)
		if err != nil {
			t.Fatal(err)
		}
		return r
	case types.OCILayerZStd:
		r, err := zstd.NewReader(blob)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		return r
	default:
		return blob
	}
}

type onDisk struct{ path string }

func (d onDisk) ReadAt(p []byte, at int64) (int, error) {
	file, err := os.Open(d.path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return file.ReadAt(p, at)
}

func (d onDisk) Open() (io.ReadCloser, error) { return os.Open(d.path) }
