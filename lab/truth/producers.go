//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// A producer builds an image of tars, the lowest layer first, and pushes it, with a program that
// people build images with. Encoder, blocks, tables of contents and manifest are that program's
// own.
type producer func(ctx context.Context, folder, reference string, tars []string) error

// withBuildKit builds with BuildKit's daemon, which compresses as Docker does: gzip, zstd or
// estargz.
func withBuildKit(compression string) producer {
	return func(ctx context.Context, folder, reference string, tars []string) (err error) {
		daemon, err := startBuildKit(ctx, folder)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, daemon.close()) }()
		source := filepath.Join(folder, "context")
		if err := writeDockerfile(source, tars); err != nil {
			return err
		}
		output := fmt.Sprintf(
			"type=image,name=%s,push=true,registry.insecure=true,oci-mediatypes=true,compression=%s,"+
				"force-compression=true", reference, compression,
		)
		return runTool(
			ctx, buildKitProgram("buildctl"), "--addr", daemon.address, "build", "--progress=plain",
			"--frontend=dockerfile.v0", "--local", "context="+source, "--local", "dockerfile="+source,
			"--output", output,
		)
	}
}

// writeDockerfile writes a build context in which each tar becomes a layer.
func writeDockerfile(folder string, tars []string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	var text strings.Builder
	text.WriteString("FROM scratch\n")
	for _, path := range tars {
		name := filepath.Base(path)
		if err := os.Link(path, filepath.Join(folder, name)); err != nil {
			return err
		}
		fmt.Fprintf(&text, "ADD %s /\n", name)
	}
	return os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte(text.String()), 0o600)
}

// withBuildah builds with buildah: gzip, zstd or zstd:chunked.
func withBuildah(compression string) producer {
	return func(ctx context.Context, folder, reference string, tars []string) error {
		// No overlay: the storage may itself lie on an overlay, and only the push matters.
		storage := []string{
			"--root", filepath.Join(folder, "storage"), "--runroot", filepath.Join(folder, "run"),
			"--storage-driver", "vfs",
		}
		buildah := func(arguments ...string) (string, error) {
			return readOutput(ctx, toolTimeout, "buildah", append(storage, arguments...)...)
		}
		image := "scratch"
		for i, path := range tars {
			container, err := buildah("from", image)
			if err != nil {
				return err
			}
			if _, err := buildah("add", "--quiet", container, path, "/"); err != nil {
				return err
			}
			image = fmt.Sprintf("localhost/layers:%d", i)
			if _, err := buildah("commit", "--quiet", "--rm", "--disable-compression", container, image); err != nil {
				return err
			}
		}
		_, err := buildah(
			"push",
			"--quiet",
			"--tls-verify=false",
			"--format",
			"oci",
			"--compression-format",
			compression,
			image,
			"docker://"+reference,
		)
		return err
	}
}

// withSkopeo copies an image of uncompressed layers: zstd or zstd:chunked. Not gzip: skopeo 1.9.3,
// asked for it or left to its default, compresses such layers and leaves their media type as it
// was, and containerd refuses the image.
func withSkopeo(compression string) producer {
	return func(ctx context.Context, folder, reference string, tars []string) error {
		source := filepath.Join(folder, "source")
		if err := writeLayout(source, tars); err != nil {
			return err
		}
		return runTool(
			ctx,
			"skopeo",
			"copy",
			"--quiet",
			"--dest-tls-verify=false",
			"--dest-compress-format",
			compression,
			"oci:"+source,
			"docker://"+reference,
		)
	}
}

// writeLayout writes an OCI layout of one image with uncompressed layers.
func writeLayout(folder string, tars []string) error {
	var layers []v1.Layer
	for _, path := range tars {
		layer, err := tarball.LayerFromFile(
			path, tarball.WithMediaType(types.OCIUncompressedLayer), tarball.WithCompression("none"),
		)
		if err != nil {
			return err
		}
		layers = append(layers, layer)
	}
	image, err := imagetest.Build("amd64", layers...)
	if err != nil {
		return err
	}
	made, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	return made.AppendImage(mutate.MediaType(image, types.OCIManifestSchema1))
}

// withUmoci inserts each tar, unpacked, as a layer, which umoci compresses with gzip; skopeo pushes
// the result as it is.
func withUmoci(ctx context.Context, folder, reference string, tars []string) error {
	image := filepath.Join(folder, "image")
	if err := runTool(ctx, "umoci", "init", "--layout", image); err != nil {
		return err
	}
	if err := runTool(ctx, "umoci", "new", "--image", image+":v1"); err != nil {
		return err
	}
	for i, path := range tars {
		root := filepath.Join(folder, fmt.Sprintf("root-%d", i))
		if err := os.Mkdir(root, 0o700); err != nil {
			return err
		}
		err := runTool(
			ctx, "tar", "--extract", "--file", path, "--directory", root,
			"--numeric-owner", "--same-permissions", "--xattrs",
		)
		if err != nil {
			return err
		}
		if err := runTool(ctx, "umoci", "insert", "--image", image+":v1", root, "/"); err != nil {
			return err
		}
	}
	return runTool(
		ctx,
		"skopeo",
		"copy",
		"--quiet",
		"--dest-tls-verify=false",
		"oci:"+image+":v1",
		"docker://"+reference,
	)
}

// withCrane appends files that a compressor writes, which crane pushes byte by byte.
func withCrane(suffix, program string, arguments ...string) producer {
	return func(ctx context.Context, folder, reference string, tars []string) error {
		crane := os.Getenv("TKEIMAGE_CRANE_BIN")
		appending := []string{"append", "--insecure", "--oci-empty-base", "--new_tag", reference}
		for i, path := range tars {
			packed := filepath.Join(folder, fmt.Sprintf("layer-%d.tar.%s", i, suffix))
			if err := compressFile(ctx, path, packed, program, arguments...); err != nil {
				return err
			}
			appending = append(appending, "--new_layer", packed)
		}
		if err := runTool(ctx, crane, appending...); err != nil {
			return err
		}
		return runTool(ctx, crane, "mutate", "--insecure", "--set-platform", platform, "--tag", reference, reference)
	}
}

// compressFile has a program compress a file to its standard output.
func compressFile(ctx context.Context, from, to, program string, arguments ...string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, toolTimeout)
	defer cancel()
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the corpus names it
	command.Stdin, command.Stdout, command.Stderr = in, out, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}
