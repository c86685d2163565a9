package probe

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

const (
	// A blob that is longer than layersize.WholeBlobBytes, up to this size and if the budget has
	// room for all of it, is counted when neither a table of contents nor headers list its files:
	// windows would read as much of it, in many requests, and leave bounds.
	smallBlobBytes = 2 << 20
	// What such blobs may unpack to, 264 MB: gzip, which reaches 1032:1, makes no more of the
	// smaller ones, and more is not worth the time.
	wholeUnpacked = layersize.WholeBlobBytes * (compression.DeflateLimit + 1)
)

// wholeBlob counts a blob that is read whole before anything is known of it.
type wholeBlob struct{}

// Name implements Source.
func (wholeBlob) Name() string { return "whole blob" }

// Measure implements Source.
func (wholeBlob) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	if in.Size > layersize.WholeBlobBytes {
		return layersize.Measurement{}, layersize.ErrNotApplicable
	}
	data, err := in.Reader.ReadAndKeep(0, in.Size)
	if errors.Is(err, rangeread.ErrBudget) {
		return layersize.Measurement{}, layersize.ErrNotApplicable
	}
	if err != nil {
		return layersize.Measurement{}, err
	}
	return countBytes(ctx, in, data)
}

// smallBlob reads what is between a compressed blob's two ends, if that is not much and the budget
// has room for it, and counts the whole.
type smallBlob struct{}

// Name implements Source.
func (smallBlob) Name() string { return "whole blob" }

// Measure implements Source.
func (smallBlob) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	head, err := in.ReadStart()
	isSmall := in.Size > layersize.WholeBlobBytes && in.Size <= smallBlobBytes
	if err != nil || !isSmall || in.Compression == mediatype.None {
		return layersize.Measurement{}, layersize.ErrNotApplicable
	}
	tail, err := in.ReadEnd()
	between := in.Size - int64(len(head)+len(tail))
	if err != nil || between > in.Reader.Left() {
		return layersize.Measurement{}, layersize.ErrNotApplicable
	}
	middle := make([]byte, between)
	if _, err := in.Reader.ReadAt(middle, int64(len(head))); err != nil {
		return layersize.Measurement{}, err
	}
	data := slices.Concat(head, middle, tail)
	in.Reader.Remember(0, data) // for windows, where it cannot be counted
	return countBytes(ctx, in, data)
}

// countBytes counts a blob that was read whole. Where that fails for the blob's own sake,
// containerd fails too.
func countBytes(ctx context.Context, in *layersize.Input, data []byte) (layersize.Measurement, error) {
	m, err := stream.Count(ctx, bytes.NewReader(data), in.Layer, stream.Limits{UnpackedBytes: wholeUnpacked})
	switch {
	case errors.Is(err, layersize.ErrNotTar):
		in.AddRefusal(layersize.RefusedNotTar)
	case errors.Is(err, layersize.ErrCompression):
		in.AddRefusal(layersize.RefusedDamaged)
	}
	return m, err
}
