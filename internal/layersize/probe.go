package layersize

import (
	"context"
	"fmt"
	"strings"
)

const (
	// Both ends of every other blob are read: the head tells what it is, the tail has
	// trailer, footers, and small tables of contents. They are as long as the windows
	// of a walk and of samples, which then need not ask again.
	endBytes      = walkStep
	leastEndBytes = 4 << 10
)

// Probe measures a layer by range reads that fetch no more than budget bytes
// together. Sources are tried in order of trust; one that fails is passed over, and
// Note says why. In the end there is Declared, so that an error means only that the
// context is done, or that the descriptor's size cannot be.
//
// A Note of what was passed over is no fault: most layers have neither annotations
// nor a table of contents, and about those it is silent.
func Probe(ctx context.Context, l Layer, budget int64) (Measurement, error) {
	if l.Size < 0 {
		return Measurement{}, errSize
	}
	if err := ctx.Err(); err != nil {
		return Measurement{}, err
	}
	if l.Blob == nil || l.Size == 0 && declaredCompression(l.MediaType) != packedPlain {
		return Declared(l), nil
	}
	p := &probe{
		ctx:   ctx,
		layer: l,
		blob:  &budgetReader{ctx: ctx, blob: l.Blob, size: l.Size, left: max(budget, 0)},
		end:   StartOf(budget),
	}
	m, ok := p.measure()
	if err := ctx.Err(); err != nil {
		return Measurement{}, err
	}
	if !ok {
		m = Declared(l)
	}
	// A probe that knows all it can ends by itself. One that spent most of its budget ended for the lack of more.
	m.Cut = !m.Exact && p.blob.left < budget/2
	if p.blob.err != nil {
		p.note("range reads failed: %v", p.blob.err)
		m.Fault = p.blob.err
	}
	m.Refuted = p.refuted
	m.Note = strings.Join(append(p.notes, nonEmpty(m.Note)...), "; ")
	return m, nil
}

// StartOf is how many bytes of a blob's start Probe reads before anything else, of a
// blob that it does not read whole.
func StartOf(budget int64) int64 { return min(max(budget/8, leastEndBytes), endBytes) }

// probe is one run of Probe.
type probe struct {
	ctx   context.Context
	layer Layer
	blob  *budgetReader
	end   int64 // how much of the head and of the tail is read
	notes []string

	listed  *Measurement // by a table of contents that is neither confirmed nor refuted
	refuted string       // what is wrong with a table of contents
}

// note records why a source was passed over. A budget that is spent and a blob that
// fails are told once, at the end.
func (p *probe) note(format string, arguments ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, arguments...))
}

func (p *probe) passed(source string, err error) {
	if err != nil && p.blob.err == nil {
		p.note("%s: %v", source, err)
	}
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// measure tries the sources; false leaves it to what the descriptor declares.
func (p *probe) measure() (Measurement, bool) {
	if p.layer.Size <= wholeBlob {
		if m, ok := p.whole(); ok {
			return m, true
		}
	}
	head, err := p.blob.keep(0, p.end)
	if err != nil {
		p.passed("the blob was not opened", err)
		return Measurement{}, false
	}
	declared := declaredCompression(p.layer.MediaType)
	packed := detect(head)
	if packed != declared && declared != packedUnknown {
		p.note("the blob is not what its media type says")
	}
	m, ok := p.packed(packed, head)
	if ok && readsAsIs(p.layer.MediaType, packed) {
		m.refuse(RefusedCompressed)
	}
	return m, ok
}

func (p *probe) packed(packed compression, head []byte) (Measurement, bool) {
	switch packed {
	case packedGzip:
		return p.gzip(head)
	case packedZstd:
		return p.zstd(head)
	default:
		return p.plain()
	}
}

// tail reads the end of the blob.
func (p *probe) tail() ([]byte, error) {
	at := max(p.layer.Size-p.end, 0)
	return p.blob.keep(at, p.layer.Size-at)
}
