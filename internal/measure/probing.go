package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// probe reads ranges of a layer in one repository, or in their place its zTOC, within the layer's allowance.
func (m *Measurer) probe(ctx context.Context, j *job, s *source, input layersize.Layer) (layersize.Measurement, error) {
	if !layersize.Indexed(input) {
		return m.ranges(ctx, j, s, input, j.allowance)
	}
	start := layersize.StartOf(j.allowance)
	if s.index.takesRoundTrips(m.Kept) && !m.Kept.Has(j.probed(s, j.allowance)) {
		ahead := readAhead(input.Blob, start)
		defer ahead.wait()
		input.Blob = ahead
	}
	ztoc, found := s.index.of(ctx, m, j.layer)
	if !found {
		result, err := m.ranges(ctx, j, s, input, j.allowance)
		if fault := s.index.fault; fault != nil {
			result = noted(result, "nobody knows of a SOCI index: "+fault.Error(), fault)
		}
		return result, err
	}
	left := j.allowance - ztoc.Size - start // whether the start was read or not: what is kept must not decide
	if left < 0 {                           // it costs more than the probe in whose place it stands
		result, err := m.ranges(ctx, j, s, input, j.allowance)
		return noted(result, fmt.Sprintf("the SOCI index has a zTOC of %d bytes, and %d may be read", ztoc.Size, j.allowance), nil), err
	}
	result, unread := m.known(j.claims(s, "indexed", fmt.Sprintf("%s %d", ztoc.Digest, left)), func() (layersize.Measurement, error) {
		return m.byZTOC(ctx, s, input, ztoc, left)
	})
	if unread == nil {
		return result, nil
	}
	result, err := m.ranges(ctx, j, s, input, left)
	if errors.Is(unread, layersize.ErrTable) && failedRead(unread) == nil && ctx.Err() == nil {
		result.Refuted = "of the SOCI index, " + unread.Error()
	}
	return noted(result, "the SOCI index was passed over: "+unread.Error(), failedRead(unread)), err
}

// ranges measures a layer by itself, as one repository serves it.
func (m *Measurer) ranges(ctx context.Context, j *job, s *source, input layersize.Layer, budget int64) (layersize.Measurement, error) {
	return m.known(j.probed(s, budget), func() (layersize.Measurement, error) {
		return layersize.Probe(ctx, input, budget)
	})
}

// byZTOC measures a layer by its zTOC, and by no more than so many bytes of its own.
func (m *Measurer) byZTOC(
	ctx context.Context, s *source, input layersize.Layer, ztoc registry.Layer, budget int64,
) (layersize.Measurement, error) {
	content, err := readWhole(m.Registry.Blob(ctx, s.image, ztoc))
	if err != nil {
		return layersize.Measurement{}, err
	}
	return layersize.ZTOC(ctx, input, content, budget)
}

// noted says in a measurement why the index was of no use, and that a fault was the reason, if there was one.
func noted(result layersize.Measurement, why string, fault error) layersize.Measurement {
	if result.Note != "" {
		why += "; " + result.Note
	}
	result.Note, result.Fault = why, cmp.Or(result.Fault, fault)
	return result
}

// failedRead is the failure to read in an error, and nil where what was read is not good.
func failedRead(err error) error {
	if failed, ok := errors.AsType[*failure.Error](err); ok {
		return failed
	}
	return nil
}

// readWhole reads a blob whose digest is verified at its end.
func readWhole(blob *registry.Blob) ([]byte, error) {
	body, err := blob.Open()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
