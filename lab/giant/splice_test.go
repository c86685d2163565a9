package giant_test

import (
	"archive/tar"
	"bytes"
	"io"
	"math/rand/v2"
	"os/exec"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// writeTree writes a tar of a folder with files of text, without its end.
func writeTree(t *testing.T, folder string, files int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	write := func(h tar.Header, body []byte) {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	write(tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755}, nil)
	random := rand.New(rand.NewPCG(uint64(files), 9))
	for range files {
		name := string(rune('a'+random.IntN(26))) + string(rune('a'+random.IntN(26)))
		body := bytes.Repeat([]byte("the quick brown "+name), 1+random.IntN(3000))
		write(tar.Header{Typeflag: tar.TypeReg, Name: folder + "/" + name, Size: int64(len(body)), Mode: 0o644}, body)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func packSegment(t *testing.T, format giant.Format, content []byte) giant.Segment {
	t.Helper()
	var packed bytes.Buffer
	segment, err := format.Pack(&packed, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	segment.Packed = bytes.NewReader(packed.Bytes())
	return segment
}

func spliceLayer(t *testing.T, format giant.Format) *giant.Layer {
	t.Helper()
	weights := make([]byte, 3*mib+7)
	random := rand.New(rand.NewPCG(5, 5))
	for i := range weights {
		weights[i] = byte(random.NormFloat64() * 30)
	}
	s := giant.NewSplicer(format, "spliced")
	s.AddTree(packSegment(t, format, writeTree(t, "one", 300)))
	piece := packSegment(t, format, weights)
	s.AddFile("weights", piece, piece, packSegment(t, format, bytes.Repeat([]byte("abcdefgh"), mib)), piece)
	s.AddTree(packSegment(t, format, writeTree(t, "two", 500)))
	layer := s.Finish()
	if err := layer.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	return layer
}

// TestSplicedLayersAreCountedAsTheirParts: streaming reads a layer of segments to its end, and
// finds on the disk what each of its parts takes.
func TestSplicedLayersAreCountedAsTheirParts(t *testing.T) {
	t.Parallel()
	for _, format := range []giant.Format{giant.Gzip, giant.Zstandard} {
		layer := spliceLayer(t, format)
		whole := countLayer(t, layer)
		parts := int64(0)
		for folder, files := range map[string]int{"one": 300, "two": 500} {
			tree := giant.NewSplicer(format, folder)
			tree.AddTree(packSegment(t, format, writeTree(t, folder, files)))
			alone := tree.Finish()
			if err := alone.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
			parts += countLayer(t, alone).DiskBytes.Value - disksize.BlockSize // the root
		}
		weights := 4*format.SeamBytes() + 3*(3*mib+7) + 8*mib
		if want := disksize.BlockSize + parts + disksize.Blocks(weights); whole.DiskBytes.Value != want || !whole.Exact {
			t.Errorf("format %d: %+v, want %d bytes on the disk", format, whole, want)
		}
		if whole.UnpackedBytes.Value != layer.Unpacked || whole.TarDigest != layer.DiffID {
			t.Errorf("format %d: %+v, want %d bytes and %s", format, whole, layer.Unpacked, layer.DiffID)
		}
	}
}

func countLayer(t *testing.T, layer *giant.Layer) layersize.Measurement {
	t.Helper()
	mediaType := "application/vnd.oci.image.layer.v1.tar+gzip"
	if layer.Format == giant.Zstandard {
		mediaType = "application/vnd.oci.image.layer.v1.tar+zstd"
	}
	counted, err := stream.Measure(
		t.Context(), layersize.Layer{MediaType: mediaType, Size: layer.Size, Blob: layer}, stream.Limits{},
	)
	if err != nil {
		t.Fatal(err)
	}
	return counted
}

// TestZstdItselfReadsSplicedLayers: the program of its authors decodes every seam.
func TestZstdItselfReadsSplicedLayers(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("zstd")
	if err != nil {
		t.Skip("there is no zstd")
	}
	layer := spliceLayer(t, giant.Zstandard)
	command := exec.CommandContext(t.Context(), program, "-d", "-c")
	command.Stdin = io.NewSectionReader(layer, 0, layer.Size)
	content, err := command.Output()
	if err != nil || int64(len(content)) != layer.Unpacked {
		t.Errorf("%d bytes, want %d, %v", len(content), layer.Unpacked, err)
	}
	if !bytes.Contains(content, writeTree(t, "two", 500)) {
		t.Error("what follows the last seam is not what was packed")
	}
}
