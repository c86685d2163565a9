package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// samples estimates a compressed stream from windows in the middle of it.
type samples struct {
	packed mediatype.Compression
	sample func(ctx context.Context, r io.ReaderAt, size, budget int64) (estimate.Estimate, error)
}

func gzipSamples(memory *Memory) samples { return samples{mediatype.Gzip, memory.samples.Gzip} }

func zstdSamples(memory *Memory) samples { return samples{mediatype.Zstandard, memory.samples.Zstd} }

// Name implements Source.
func (samples) Name() string { return "samples" }

// Measure implements Source.
func (s samples) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	if err := in.CheckCompression(s.packed); err != nil {
		return layersize.Measurement{}, err
	}
	claims, err := claimsOf(in)
	if err != nil {
		return layersize.Measurement{}, err
	}
	return s.judgeClaims(ctx, in, claims)
}

// judgeClaims puts claims before the samples. An annotation stands for the whole blob and holds
// unless the samples refute it. A header or a trailer stands for the whole only if there is no
// other frame or member, so that it holds where the samples, which know of both, came to the same
// length. Else the length is the samples' own.
func (s samples) judgeClaims(ctx context.Context, in *layersize.Input, claims []claim) (layersize.Measurement, error) {
	estimated, err := s.sample(ctx, in.Reader, in.Size, in.Reader.Room())
	if err == nil && isUnknown(estimated.Unpacked) {
		err = errWide
	}
	if err != nil {
		return layersize.Measurement{}, err
	}
	m := layersize.Measurement{
		UnpackedBytes: estimated.Unpacked.InOrder(), Method: layersize.MethodSampled,
	}
	for _, c := range claims {
		if c.isRefutedBy(estimated) {
			in.AddNote("samples do not confirm the %s's %d bytes", c.method, c.length)
			continue
		}
		m.UnpackedBytes, m.Method = layersize.Exactly(c.length), c.method
		estimated.Files = estimated.Files.Within(c.length)
		break
	}
	if m.Method == layersize.MethodSampled && estimated.Hidden.Longest > 0 {
		m.HiddenZeros = estimated.Hidden
		m.Note = describeHidden(m.HiddenZeros)
	}
	estimateFiles(&m, estimated)
	return m, nil
}

// estimateFiles adds what samples show of the files in the tar.
func estimateFiles(m *layersize.Measurement, estimated estimate.Estimate) {
	if !estimated.Files.Known() {
		m.DiskBytes = tarball.BoundDisk(m.UnpackedBytes, tarball.EstimateEntries(m.UnpackedBytes))
		return
	}
	entries := estimated.Files.Entries().InOrder()
	gain := estimated.Files.Gain()
	gain.Value = prudentValue(gain, 4)
	m.DiskBytes = tarball.BoundSampledDisk(m.UnpackedBytes, entries, gain)
	m.LikelyInodes = prudentValue(entries, 8)
}

// describeHidden returns what no sample of a Zstandard stream is sure to meet.
func describeHidden(h layersize.HiddenZeros) string {
	return fmt.Sprintf("up to %.1f GiB of zeros in one run may hide between samples (1 GiB is met in %.0f of 100)",
		float64(h.Longest)/(1<<30), math.Floor(100*h.ChanceOfGiB))
}

// prudentValue is somewhat more than was estimated, since a disk that is a little too large costs
// less than one that is too small: about half a standard error, and no more than a part of the
// value, as the error of a few windows is hardly known.
func prudentValue(estimated layersize.Interval, part int64) int64 {
	return estimated.Value + min((estimated.Max-estimated.Value)/4, max(0, estimated.Value)/part)
}

var errWide = errors.New("too little was read")

// isUnknown recognises the theoretical bounds of a stream in which no window could be decoded.
func isUnknown(i layersize.Interval) bool { return i.Max/64 > i.Value }
