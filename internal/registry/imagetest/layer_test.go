package imagetest_test

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

func TestAGeneratedLayerIsWhatItSays(t *testing.T) {
	t.Parallel()
	files := []imagetest.File{
		{Name: "app/main.py", Size: 100_000, Like: imagetest.Text},
		{Name: "model/weights", Size: 20 << 20, Like: imagetest.Weights},
		{Name: "model/noise", Size: 1<<20 + 1, Like: imagetest.Noise},
		{Name: "empty", Size: 0},
	}
	layer, err := imagetest.WriteLayer(t.Context(), t.TempDir(), 7, files)
	if err != nil {
		t.Fatal(err)
	}
	again, err := imagetest.WriteLayer(t.Context(), t.TempDir(), 7, files)
	if err != nil {
		t.Fatal(err)
	}
	digest, _ := layer.Digest()
	if other, _ := again.Digest(); digest != other {
		t.Errorf("the same seed gave %s and %s", digest, other)
	}
	blob, err := layer.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, blob)
	if err != nil {
		t.Fatal(err)
	}
	if said, _ := layer.Size(); said != size {
		t.Errorf("size %d, said %d", size, said)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != digest.Hex {
		t.Errorf("digest %s, said %s", got, digest.Hex)
	}
	if ratio := layer.Unpacked / size; ratio < 8 || ratio > 16 {
		t.Errorf("compresses %d to 1, expected the weights to compress well and the noise not at all", ratio)
	}
	checkTar(t, layer, files)
}

func checkTar(t *testing.T, layer *imagetest.Layer, files []imagetest.File) {
	t.Helper()
	unpacked, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer unpacked.Close()
	hash := sha256.New()
	tee := io.TeeReader(unpacked, hash)
	archive := tar.NewReader(tee)
	for _, file := range files {
		header, err := archive.Next()
		if err != nil || header.Name != file.Name || header.Size != file.Size {
			t.Fatalf("got %+v, %v; want %+v", header, err, file)
		}
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("more than was asked for: %v", err)
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		t.Fatal(err)
	}
	diffID, _ := layer.DiffID()
	if got := hex.EncodeToString(hash.Sum(nil)); got != diffID.Hex {
		t.Errorf("diff id %s, said %s", got, diffID.Hex)
	}
}
