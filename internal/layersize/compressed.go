package layersize

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/sampling"
)

// A claim is a length of the tar that someone states: an annotation, a header, a
// trailer. Samples can refute it.
type claim struct {
	method Method
	length int64
}

// gzip measures a gzip stream: by its table of contents, by what is claimed, and by
// samples.
func (p *probe) gzip(head []byte) (Measurement, bool) {
	tail, err := p.tail()
	if err != nil {
		p.passed("the trailer was not read", err)
		return Measurement{}, false
	}
	if m, ok := p.stargz(); ok {
		return m, true
	}
	if m, ok := p.rest(head); ok {
		return m, true
	}
	var claims []claim
	if length, ok := annotatedSize(p.layer, packedGzip); ok {
		claims = append(claims, claim{MethodAnnotation, length})
	}
	if length, ok := trailer(head, tail, p.layer.Size); ok {
		claims = append(claims, claim{MethodTrailer, length})
	}
	return p.reconcile(p.judge(packedGzip, claims, sampling.Gzip))
}

// trailer is the length that the trailer tells (ISIZE, RFC 1952 §2.3.1: the length
// modulo 2^32 of the last member), where 1032:1 leaves no second candidate and
// nothing speaks for several members. Members of bgzip, Mgzip and eStargz carry an
// extra field; a member is at least 18 bytes long.
func trailer(head, tail []byte, size int64) (int64, bool) {
	const flagExtra = 4
	if len(head) < 18 || len(tail) < 18 || head[3]&flagExtra != 0 {
		return 0, false
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-4:]))
	second := length + 1<<32
	if second/deflateLimit <= size || !plausible(length, size, packedGzip) {
		return 0, false
	}
	return length, true
}

// zstd measures a Zstandard stream in the same way.
func (p *probe) zstd(head []byte) (Measurement, bool) {
	if m, ok := p.chunked(); ok {
		return m, true
	}
	if m, ok := p.rest(head); ok {
		return m, true
	}
	var claims []claim
	if length, ok := annotatedSize(p.layer, packedZstd); ok {
		claims = append(claims, claim{MethodAnnotation, length})
	}
	if length, ok := contentSize(head, p.layer.Size); ok {
		claims = append(claims, claim{MethodContentSize, length})
	}
	return p.reconcile(p.judge(packedZstd, claims, sampling.Zstd))
}

// contentSize is the length that the frame's header tells (RFC 8878 §3.1.1.1.4), if
// the frame can be the whole blob. What begins with a skippable frame is written in
// parts, by pzstd for one.
func contentSize(head []byte, size int64) (int64, bool) {
	var h zstd.Header
	if err := h.Decode(head); err != nil || h.Skippable || !h.HasFCS {
		return 0, false
	}
	length := int64(h.FrameContentSize)
	if length <= 0 || !plausible(length, size, packedZstd) {
		return 0, false
	}
	return length, true
}

type sampler func(ctx context.Context, r io.ReaderAt, size, budget int64) (sampling.Estimate, error)

// judge puts claims before the samples. An annotation stands for the whole blob and
// holds unless the samples refute it. A header or a trailer stands for the whole only
// if there is no other frame or member, so that it holds where the samples, which
// know of both, came to the same length. Else the length is the samples' own.
func (p *probe) judge(packed compression, claims []claim, sample sampler) (Measurement, bool) {
	estimate, err := sample(p.ctx, p.blob, p.layer.Size, p.blob.room())
	if err == nil && saysNothing(estimate.Unpacked) {
		err = errWide
	}
	if err != nil {
		p.passed("nothing was learned from samples", err)
		return p.unsampled(packed, claims)
	}
	m := Measurement{UnpackedBytes: ordered(Interval(estimate.Unpacked)), Method: MethodSampled}
	for _, c := range claims {
		if c.refutedBy(estimate) {
			p.note("samples do not confirm the %s's %d bytes", c.method, c.length)
			continue
		}
		m.UnpackedBytes, m.Method = exactly(c.length), c.method
		estimate.Files = estimate.Files.Within(c.length)
		break
	}
	if m.Method == MethodSampled && estimate.Hidden.Longest > 0 {
		m.HiddenZeros = HiddenZeros(estimate.Hidden)
		m.Note = m.HiddenZeros.note()
	}
	if !estimate.Files.Known() {
		m.DiskBytes = diskBytes(m.UnpackedBytes, unknownFiles(m.UnpackedBytes))
		return m, true
	}
	entries := ordered(Interval(estimate.Files.Total(entriesOf, 1)))
	gain := Interval(estimate.Files.Total(gainOf, gainTypical))
	if !estimate.Settled {
		gain.Value = prudent(gain)
	}
	m.DiskBytes = sampledDiskBytes(m.UnpackedBytes, entries, gain)
	m.LikelyInodes = prudent(entries)
	return m, true
}

// note says what no sample of a Zstandard stream is sure to meet.
func (h HiddenZeros) note() string {
	return fmt.Sprintf("up to %.1f GiB of zeros in one run may hide between samples (1 GiB is met in %.0f of 100)",
		float64(h.Longest)/(1<<30), math.Floor(100*h.ChanceOfGiB))
}

// prudent is somewhat more than was estimated, about half a standard error, since a disk that is a little too large costs less than
// one that is too small.
func prudent(estimated Interval) int64 { return estimated.Value + (estimated.Max-estimated.Value)/4 }

// entriesOf is 1 for a header of an entry's own, and 0 for one that says more of the next.
func entriesOf(e sampling.Entry) float64 {
	return float64(tarHeader{kind: e.Kind, size: e.Size}.entries())
}

// gainOf is what an entry holds on the disk beyond what it takes in the tar.
func gainOf(e sampling.Entry) float64 {
	return float64(tarHeader{kind: e.Kind, size: e.Size}.gain())
}

func (c claim) refutedBy(e sampling.Estimate) bool {
	if c.method == MethodAnnotation {
		return c.length < e.Unpacked.Min || c.length > e.Unpacked.Max
	}
	return !e.Settled || e.MultiMember || c.length != e.Unpacked.Value
}

var errWide = errors.New("too little was read")

// saysNothing recognises the theoretical bounds of a stream in which no window could
// be decoded.
func saysNothing(i sampling.Interval) bool { return i.Max/64 > i.Value }

// unsampled is what is left when the blob could not be sampled: claims alone. A
// header or a trailer is a bound from below then.
func (p *probe) unsampled(packed compression, claims []claim) (Measurement, bool) {
	if len(claims) == 0 {
		return byRatio(p.layer.Size, packed), true
	}
	unpacked := exactly(claims[0].length)
	if claims[0].method != MethodAnnotation {
		unpacked.Max = max(unpacked.Max, ratioInterval(p.layer.Size, packed).Max)
	}
	return known(claims[0].method, unpacked), true
}
