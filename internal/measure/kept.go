package measure

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// content names what a stream says of a layer. Its digest was verified, so that this counts
// wherever the layer came from. How it was read is part of the name, since another way of reading
// may give another number.
func (j *job) content(how string) string {
	return fmt.Sprintf("%s %s %s %d", how, j.layer.Digest, j.layer.MediaType, j.layer.Size)
}

// served names what one repository says of a layer, by bytes that no digest verifies. Another
// repository, on the same registry or elsewhere, may serve other bytes.
func (j *job) served(s *source, how string) string {
	return j.content(how) + " from " + s.image.Repository
}

// claims names what follows from a part of the bytes that a repository serves, and so from what
// else was believed: anybody may write another manifest around a layer.
func (j *job) claims(s *source, how string, with any) string {
	annotations, _ := json.Marshal(j.layer.Annotations) // of strings to strings, which cannot fail, with its keys in order
	return fmt.Sprintf("%s %x %v", j.served(s, how), sha256.Sum256(annotations), with)
}

// probed names what ranges of a source say within a budget.
func (j *job) probed(s *source, budget int64) string { return j.claims(s, "probed", budget) }

// known returns what was kept, or else what comes of reading, which is then kept: but nothing of a
// fault. Tomorrow, or from another registry, the number may be another. Even ranges that are
// ignored are the registry's doing, or that of a cache before it.
func (m *Measurer) known(key string, read func() (layersize.Measurement, error)) (layersize.Measurement, error) {
	if content, ok := m.Kept.Get(key); ok {
		var kept layersize.Measurement
		if json.Unmarshal(content, &kept) == nil && isPossible(kept) {
			return kept, nil
		}
	}
	result, err := read()
	m.redactTexts(&result)
	if err != nil || result.Fault != nil {
		return result, err
	}
	if content, err := json.Marshal(result); err == nil {
		m.Kept.Put(key, content)
	}
	return result, nil
}

// No measurement comes to more than this, a pebibyte: sums of thousands of layers stay far from an overflow.
const (
	mostBytes  = 1 << 50
	mostInodes = mostBytes / 4096
)

// isPossible reports whether a measurement could have been made. What is kept lies in files, and
// files can be changed.
func isPossible(m layersize.Measurement) bool {
	return slices.Contains(layersize.Methods, m.Method) && isInterval(m.UnpackedBytes) && isInterval(m.DiskBytes) &&
		0 <= m.LikelyInodes && m.LikelyInodes <= mostInodes &&
		(m.Inodes == nil || *m.Inodes == m.LikelyInodes) &&
		(!m.Exact || m.Inodes != nil && m.DiskBytes.Min == m.DiskBytes.Max)
}

func isInterval(i layersize.Interval) bool {
	return 0 <= i.Min && i.Min <= i.Value && i.Value <= i.Max && i.Max <= mostBytes
}

// refusal names that the first source's stream was refused, before its digest could be verified.
func (j *job) refusal() string { return j.served(j.sources[0], "probed in place of a stream") }

// refusedBefore returns what may be read by ranges of a layer that is known to be refused as a stream.
func (m *Measurer) refusedBefore(j *job) (left int64, refused bool) {
	content, found := m.Kept.Get(j.refusal())
	if !found || !j.orProbe {
		return 0, false
	}
	left, err := strconv.ParseInt(string(content), 10, 64)
	return left, err == nil && 0 <= left && left <= allowanceFor(j.layer.Size, DefaultReadBudget)
}

func (m *Measurer) keepRefusal(j *job, left int64) {
	m.Kept.Put(j.refusal(), strconv.AppendInt(nil, left, 10))
}
