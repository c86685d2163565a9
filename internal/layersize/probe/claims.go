package probe

import (
	"context"
	"encoding/binary"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// A claim is a length of the tar that an annotation, a header or a trailer states. Samples can
// refute it.
type claim struct {
	method layersize.Method
	length int64
}

func (c claim) isRefutedBy(e estimate.Estimate) bool {
	if c.method == layersize.MethodAnnotation {
		return c.length < e.Unpacked.Min || c.length > e.Unpacked.Max
	}
	return !e.Settled || e.MultiMember || c.length != e.Unpacked.Value
}

// claimedSize is left when a stream could not be sampled: what it claims. A header or a trailer is
// a bound from below then.
type claimedSize struct{}

// Name implements Source.
func (claimedSize) Name() string { return "claims" }

// Measure implements Source.
func (claimedSize) Measure(_ context.Context, in *layersize.Input) (layersize.Measurement, error) {
	if !in.WasOpened() {
		return layersize.Measurement{}, layersize.ErrNotApplicable
	}
	claims, err := claimsOf(in)
	if err != nil {
		return layersize.Measurement{}, err
	}
	return measureClaims(in, claims)
}

// measureClaims takes the surest claim.
func measureClaims(in *layersize.Input, claims []claim) (layersize.Measurement, error) {
	if len(claims) == 0 {
		return layersize.Measurement{}, layersize.ErrNotApplicable
	}
	unpacked := layersize.Exactly(claims[0].length)
	if claims[0].method != layersize.MethodAnnotation {
		unpacked.Max = max(unpacked.Max, ratioInterval(in.Size, in.Compression).Max)
	}
	return measureLength(claims[0].method, unpacked), nil
}

// claimsOf returns what is claimed of a compressed stream whose start was read, the surest first.
func claimsOf(in *layersize.Input) (claims []claim, err error) {
	if length, ok := in.AnnotatedSize(in.Compression); ok {
		claims = append(claims, claim{layersize.MethodAnnotation, length})
	}
	head, err := in.ReadStart()
	if err != nil {
		return nil, err
	}
	switch in.Compression {
	case mediatype.Gzip:
		tail, err := in.ReadEnd()
		if err != nil {
			return nil, err
		}
		if length, ok := readTrailer(head, tail, in.Size); ok {
			claims = append(claims, claim{layersize.MethodTrailer, length})
		}
	case mediatype.Zstandard:
		if length, ok := readContentSize(head, in.Size); ok {
			claims = append(claims, claim{layersize.MethodContentSize, length})
		}
	}
	return claims, nil
}

// readTrailer returns the length that the trailer states (ISIZE, RFC 1952 §2.3.1: the length modulo
// 2^32 of the last member), where 1032:1 leaves no second candidate and nothing speaks for several
// members. Members of bgzip, Mgzip and eStargz carry an extra field; a member is at least 18 bytes
// long.
func readTrailer(head, tail []byte, size int64) (int64, bool) {
	const flagExtra = 4
	if len(head) < 18 || len(tail) < 18 || head[3]&flagExtra != 0 {
		return 0, false
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-4:]))
	second := length + 1<<32
	if second/compression.DeflateLimit <= size || !compression.IsPlausible(length, size, mediatype.Gzip) {
		return 0, false
	}
	return length, true
}

// readContentSize returns the length that the frame's header states (RFC 8878 §3.1.1.1.4), if the
// frame can be the whole blob. What begins with a skippable frame is written in parts, by pzstd for
// one.
func readContentSize(head []byte, size int64) (int64, bool) {
	var h zstd.Header
	if err := h.Decode(head); err != nil || h.Skippable || !h.HasFCS {
		return 0, false
	}
	length := int64(h.FrameContentSize)
	if length <= 0 || !compression.IsPlausible(length, size, mediatype.Zstandard) {
		return 0, false
	}
	return length, true
}
