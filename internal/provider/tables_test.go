package provider_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// stargzLayer is an eStargz layer, as BuildKit makes it, in its two parts: files, and table with
// footer.
func stargzLayer(t *testing.T, seed uint64) (files, table []byte) {
	t.Helper()
	var contents []imagetest.File
	for i := range 200 {
		contents = append(contents, imagetest.File{Name: fmt.Sprint("f", i), Size: 15_000, Like: imagetest.Noise})
	}
	l, err := imagetest.WriteLayer(t.Context(), t.TempDir(), seed, contents)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	var blob bytes.Buffer
	w := estargz.NewWriterLevel(&blob, gzip.NoCompression) // so that all are of one length
	if err := errors.Join(w.AppendTarLossLess(plain), plain.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	at, _, err := estargz.OpenFooter(io.NewSectionReader(bytes.NewReader(blob.Bytes()), 0, int64(blob.Len())))
	if err != nil {
		t.Fatal(err)
	}
	return blob.Bytes()[:at], blob.Bytes()[at:]
}

// TestATableThatIsNotTrueIsAWarning: a layer with its own table is exact, and one with that of
// another layer, of equal sizes, is measured in another way, and a plan says so.
func TestATableThatIsNotTrueIsAWarning(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	files, own := stargzLayer(t, 1)
	otherFiles, other := stargzLayer(t, 2)
	if len(files) != len(otherFiles) {
		t.Fatalf("the tables are at %d and %d", len(files), len(otherFiles))
	}
	c := newCLI(t, acctest.Cloud(t, tketest.Options{}))
	for name, table := range map[string][]byte{"own": own, "other": other} {
		built, err := imagetest.Build("amd64", static.NewLayer(slices.Concat(files, table), types.OCILayer))
		if err != nil {
			t.Fatal(err)
		}
		reference := registry.Host + "/" + name + ":v1"
		if _, err := imagetest.Push(t.Context(), reference, built); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
data "tkeimage_root_disk_size" "x" {
  images  = [%q]
  measure = "sample"
}
output "exact" {
  value = "exact is ${data.tkeimage_root_disk_size.x.exact}"
}
`, reference)
		if err := os.WriteFile(filepath.Join(c.folder, "main.tf"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.must(t, "init")
		output := unwrap(c.must(t, "plan"))
		warned := strings.Contains(output, "Table of contents does not match its layer") &&
			strings.Contains(output, reference+": layer sha256:")
		if warned != (name == "other") || !strings.Contains(output, fmt.Sprintf("exact is %v", name == "own")) {
			t.Errorf("%s: warned: %v\n%s", name, warned, output)
		}
	}
}
