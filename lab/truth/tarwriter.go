//go:build linux

package main

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// A recipe writes the tar of a layer.
type recipe func(ctx context.Context, w io.Writer) error

// A tarWriter writes entries until one fails, and ignores later ones.
type tarWriter struct {
	ctx    context.Context //nolint:containedctx // it is that of the recipe
	w      *tar.Writer
	random *rand.ChaCha8
	open   map[*content]*source
	err    error
}

// newRecipe returns a recipe of the entries that a function adds. The same seed makes the same
// bytes.
func newRecipe(seed uint64, write func(*tarWriter)) recipe {
	return func(ctx context.Context, w io.Writer) error {
		t := &tarWriter{
			ctx:    ctx,
			w:      tar.NewWriter(w),
			random: rand.NewChaCha8([32]byte{0: byte(seed), 1: byte(seed >> 8)}),
			open:   map[*content]*source{},
		}
		write(t)
		if t.err != nil {
			return t.err
		}
		return t.w.Close()
	}
}

func (t *tarWriter) writeHeader(h *tar.Header) {
	if t.err == nil {
		t.err = t.ctx.Err()
	}
	if t.err != nil {
		return
	}
	h.ModTime = time.Unix(1_700_000_000, 0)
	if h.Mode == 0 {
		h.Mode = 0o755
	}
	if err := t.w.WriteHeader(h); err != nil {
		t.err = fmt.Errorf("%s: %w", h.Name, err)
	}
}

func (t *tarWriter) addFolder(name string) {
	t.writeHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/"})
}

func (t *tarWriter) addSymlink(name, target string) {
	t.writeHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target})
}

func (t *tarWriter) addHardlink(name, target string) {
	t.writeHeader(&tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target})
}

func (t *tarWriter) addFile(name string, size int64, like *content) {
	t.addAttributedFile(name, size, like, nil)
}

// addAttributedFile writes a file with extended attributes.
func (t *tarWriter) addAttributedFile(name string, size int64, like *content, attributes map[string]string) {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}
	if len(attributes) > 0 {
		h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{}
		for key, value := range attributes {
			h.PAXRecords["SCHILY.xattr."+key] = value
		}
	}
	t.writeHeader(h)
	if t.err != nil || size == 0 {
		return
	}
	if _, err := io.CopyN(t.w, giant.NewReader(t.ctx, t.openSource(like)), size); err != nil {
		t.err = fmt.Errorf("%s: %w", name, err)
	}
}

// openSource returns the stream of a content: one for all files, so that a small file does not cost
// a whole block.
func (t *tarWriter) openSource(of *content) *source {
	if t.open[of] == nil {
		t.open[of] = &source{content: of, random: t.random}
	}
	return t.open[of]
}

// drawBelow returns a random number from 0 to n-1.
func (t *tarWriter) drawBelow(n int64) int64 { return int64(t.random.Uint64() % uint64(n)) }
