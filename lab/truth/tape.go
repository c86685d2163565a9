//go:build linux

package main

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// A recipe writes the tar of a layer.
type recipe func(ctx context.Context, w io.Writer) error

// A tape writes entries until one fails; later ones are then passed over.
type tape struct {
	ctx    context.Context //nolint:containedctx // it lives no longer than the recipe
	w      *tar.Writer
	random *rand.ChaCha8
	open   map[*content]*source
	err    error
}

// entries makes a recipe of calls to a tape. The same seed makes the same bytes.
func entries(seed uint64, write func(*tape)) recipe {
	return func(ctx context.Context, w io.Writer) error {
		t := &tape{ctx: ctx, w: tar.NewWriter(w), random: rand.NewChaCha8([32]byte{0: byte(seed), 1: byte(seed >> 8)}), open: map[*content]*source{}}
		write(t)
		if t.err != nil {
			return t.err
		}
		return t.w.Close()
	}
}

func (t *tape) header(h *tar.Header) {
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

func (t *tape) folder(name string) { t.header(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/"}) }

func (t *tape) symlink(name, target string) {
	t.header(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target})
}

func (t *tape) hardlink(name, target string) {
	t.header(&tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target})
}

func (t *tape) file(name string, size int64, like *content) { t.attributed(name, size, like, nil) }

// attributed writes a file with extended attributes.
func (t *tape) attributed(name string, size int64, like *content, attributes map[string]string) {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}
	if len(attributes) > 0 {
		h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{}
		for key, value := range attributes {
			h.PAXRecords["SCHILY.xattr."+key] = value
		}
	}
	t.header(h)
	if t.err != nil || size == 0 {
		return
	}
	if _, err := io.CopyN(t.w, cancelable{t.ctx, t.source(like)}, size); err != nil {
		t.err = fmt.Errorf("%s: %w", name, err)
	}
}

// source gives the stream of a content: one for all files, so that a small one does not cost a whole block.
func (t *tape) source(of *content) *source {
	if t.open[of] == nil {
		t.open[of] = &source{content: of, random: t.random}
	}
	return t.open[of]
}

// below is a number from 0 to n-1.
func (t *tape) below(n int64) int64 { return int64(t.random.Uint64() % uint64(n)) }

// cancelable ends a stream with its context, so that gigabytes do not outlive a signal.
type cancelable struct {
	ctx context.Context //nolint:containedctx // a reader has no other way to know it
	r   io.Reader
}

func (c cancelable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
