package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const shardBytes = 1 << 30

// size is how much the demonstration does: shards of the large image, and the pace of each step of
// a build at the stand-in.
type size struct {
	shards int
	pace   time.Duration
}

var sizes = map[string]size{
	"full":  {shards: 20, pace: time.Second},
	"small": {shards: 1, pace: 100 * time.Millisecond},
}

// stage is what the story is played on.
type stage struct {
	size     size
	folder   string
	registry *registrytest.Registry
	meter    *meter
	cloud    *tketest.Server
	cli      *terraform
	images   [2]string // references: small, large
	base     v1.Layer  // that both images share
	pushed   int64     // bytes of the large image's layers
	firstID  string
}

func openStage(ctx context.Context, of size) (_ *stage, err error) {
	s := &stage{size: of}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.folder, err = os.MkdirTemp("", "tkeimage-demo-"); err != nil {
		return s, err
	}
	if err := os.Setenv("TMPDIR", s.folder); err != nil { // so that everything is in one folder
		return s, err
	}
	registry, err := registrytest.Run(ctx, registrytest.Options{})
	if err != nil {
		return s, fmt.Errorf("starting the registry: %w", err)
	}
	s.registry = registry
	if s.meter, err = newMeter(registry.Host); err != nil {
		return s, err
	}
	s.cloud = tketest.New(tketest.Options{Pace: of.pace})
	s.images = [2]string{s.meter.host + "/demo/app:v1", s.meter.host + "/demo/llm:v1"}
	s.cli, err = newTerraform(s)
	return s, err
}

func (s *stage) close() error {
	if s.cloud != nil {
		s.cloud.Close()
	}
	if s.meter != nil {
		s.meter.close()
	}
	var err error
	if s.registry != nil {
		err = s.registry.Close()
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}

func (s *stage) listAddresses() string {
	return fmt.Sprintf("registry %s, API %s, everything in %s", s.meter.host, s.cloud.URL, filepath.Base(s.folder))
}

// pushImages generates and pushes both images. They share a layer, which is measured and counted
// once.
func (s *stage) pushImages(ctx context.Context, progress func(string)) (string, error) {
	base, err := imagetest.WriteLayer(ctx, s.folder, 1, sourceTree("usr/lib/base", 800, 20_000))
	if err != nil {
		return "", err
	}
	s.base = base
	small, err := imagetest.WriteLayer(ctx, s.folder, 2, sourceTree("app", 200, 8_000))
	if err != nil {
		return "", err
	}
	if err := s.pushImage(ctx, s.images[0], base, small); err != nil {
		return "", err
	}
	progress(fmt.Sprintf("generating %s of %d GiB", countFiles(s.size.shards), shardBytes>>30))
	weights, err := imagetest.WriteLayer(ctx, s.folder, 3, modelWeights(s.size.shards))
	if err != nil {
		return "", err
	}
	size, err := weights.Size()
	if err != nil {
		return "", err
	}
	s.pushed = size
	progress(fmt.Sprintf("pushing a layer of %d MiB that unpacks to %.1f GiB", size>>20, toGiB(weights.Unpacked)))
	if err := s.pushImage(ctx, s.images[1], base, weights); err != nil {
		return "", err
	}
	return strings.Join(s.images[:], "\n"), nil
}

// moveTag points the small image's tag at other content, as a rebuild in a pipeline does.
func (s *stage) moveTag(ctx context.Context) error {
	changed, err := imagetest.WriteLayer(ctx, s.folder, 4, sourceTree("app", 220, 8_000))
	if err != nil {
		return err
	}
	return s.pushImage(ctx, s.images[0], s.base, changed)
}

func (s *stage) pushImage(ctx context.Context, reference string, layers ...v1.Layer) error {
	image, err := imagetest.Build("amd64", layers...)
	if err != nil {
		return err
	}
	_, err = imagetest.Push(ctx, reference, image)
	return err
}

func sourceTree(root string, files int, size int64) []imagetest.File {
	out := make([]imagetest.File, 0, files)
	for i := range files {
		out = append(out, imagetest.File{
			Name: fmt.Sprintf("%s/part%d/file%d.txt", root, i%16, i), Size: size + int64(i*37), Like: imagetest.Text,
		})
	}
	return out
}

func modelWeights(shards int) []imagetest.File {
	out := make([]imagetest.File, 0, shards)
	for i := range shards {
		out = append(out, imagetest.File{
			Name: fmt.Sprintf("models/model-%05d-of-%05d.safetensors", i+1, shards),
			Size: shardBytes,
			Like: imagetest.Weights,
		})
	}
	return out
}

func countFiles(n int) string {
	if n == 1 {
		return "one file"
	}
	return fmt.Sprintf("%d files", n)
}

func toGiB(bytes int64) float64 { return float64(bytes) / (1 << 30) }
