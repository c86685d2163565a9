// Package probe measures a layer by reading ranges of it within a budget. Its list of sources is
// the order in which they are tried; those that are no table of contents are here.
package probe

import (
	"cmp"
	"context"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/jsontoc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/sampling"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// listSources returns the sources of a probe in the order in which they are tried. A new format of
// layers has its place here.
func listSources(memory *Memory) []layersize.Source {
	return []layersize.Source{
		wholeBlob{},         // a small blob, read in one request and counted
		jsontoc.EStargz{},   // the table of contents of an eStargz layer
		jsontoc.Chunked{},   // the table of contents of a zstd:chunked layer
		smallBlob{},         // a blob that costs no more to read than its samples do
		plainTar{},          // the headers of a tar that is not compressed, or windows of it
		gzipSamples(memory), // windows in the middle of a gzip stream
		zstdSamples(memory), // windows in the middle of a Zstandard stream
		claimedSize{},       // what an annotation, a trailer or a header says, and nothing confirms
		declaration{},       // what the descriptor says, else a ratio
	}
}

// Measure measures a layer by range reads that fetch no more than budget bytes together. Further
// sources, which are found beside the layer, come before those within it. A source that fails is
// passed over, and Note says why. The last source reads nothing, so that an error means only that
// the context is done, or that the descriptor's size cannot be.
//
// What does not apply to a layer is not noted: most layers have neither annotations nor a table of
// contents.
func Measure(
	ctx context.Context, l layersize.Layer, budget int64, further ...layersize.Source,
) (layersize.Measurement, error) {
	return Source{Further: further}.Measure(ctx, layersize.NewInput(ctx, l, budget))
}

// Memory is what probes of one blob leave to the next one, whose budget is larger. It saves work,
// and changes no measurement.
type Memory struct{ samples sampling.Memory }

// Source is a probe as a source.
type Source struct {
	Further []layersize.Source // tried before those of a layer
	Memory  *Memory            // of the blob, nil for none
}

// Name implements layersize.Source.
func (Source) Name() string { return "probe" }

// Measure implements layersize.Source.
func (s Source) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	if in.Size < 0 {
		return layersize.Measurement{}, layersize.ErrSize
	}
	if err := ctx.Err(); err != nil {
		return layersize.Measurement{}, err
	}
	if in.Blob == nil || in.Size == 0 && compression.Declared(in.MediaType) != mediatype.None {
		return Declare(in.Layer), nil
	}
	m, err := layersize.MeasureFirst(ctx, in, slices.Concat(s.Further, listSources(cmp.Or(s.Memory, &Memory{}))))
	if err != nil {
		return layersize.Measurement{}, err
	}
	// A probe that knows all it can ends by itself. One that spent most of its budget ended for the
	// lack of more.
	m.Cut = !m.Exact && in.Reader.Left() < in.Budget/2
	if in.WasOpened() && compression.IsReadAsIs(in.MediaType, in.Compression) {
		m.Refuse(layersize.RefusedCompressed)
	}
	return m, nil
}
