package measure_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	ocitest "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// An image is measured from its registry alone, and the report says which disk holds it.
func ExampleMeasurer_Measure() {
	server := httptest.NewServer(ocitest.New(ocitest.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	reference := strings.TrimPrefix(server.URL, "http://") + "/app:v1"
	if err := pushOneFile(reference, 100_000); err != nil {
		fmt.Println(err)
		return
	}

	client, err := registry.New(registry.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	measurer := &measure.Measurer{Registry: client}
	report, err := measurer.Measure(context.Background(), measure.Request{
		Images:     []string{reference},
		Platform:   "linux/amd64",
		Mode:       measure.Auto,
		ReadBudget: measure.DefaultReadBudget,
		Disk:       measure.DefaultDisk,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	disk, err := disksize.Recommend(report.Disk())
	if err != nil {
		fmt.Println(err)
		return
	}
	layer := report.Images[0].Measurements[0]
	fmt.Printf("%s: %d bytes on disk, exact: %t\n", layer.Method, layer.DiskBytes.Value, layer.Exact)
	fmt.Printf("a disk of %d GiB\n", disk.SizeGiB)
	// Output:
	// streamed: 106496 bytes on disk, exact: true
	// a disk of 20 GiB
}

// pushOneFile pushes an image with one layer that has one file.
func pushOneFile(reference string, size int) error {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	err := w.WriteHeader(&tar.Header{Name: "file", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(size)})
	if err != nil {
		return err
	}
	if _, err := w.Write(make([]byte, size)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	})
	if err != nil {
		return err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return err
	}
	tag, err := name.NewTag(reference)
	if err != nil {
		return err
	}
	return remote.Write(tag, image)
}
