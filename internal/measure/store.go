package measure

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// storedSource is a source whose measurements are stored. A measurement with a fault is not: the
// failure may be transient, and even ranges that are ignored may be the doing of a proxy before the
// registry.
type storedSource struct {
	layersize.Source
	measurer *Measurer
	key      string
}

// withStore returns a source whose measurements are stored under a key. How a layer is read is part
// of the key, since another way of reading may yield another number.
func (m *Measurer) withStore(source layersize.Source, key string) layersize.Source {
	return storedSource{source, m, key}
}

// Measure returns the stored measurement, or measures and stores it.
func (s storedSource) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	store := s.measurer.Store
	if content, ok := store.Get(s.key); ok {
		var stored layersize.Measurement
		if json.Unmarshal(content, &stored) == nil && isPossible(stored) {
			return stored, nil
		}
	}
	result, err := s.Source.Measure(ctx, in)
	s.measurer.redactTexts(&result)
	if err != nil || result.Fault != nil {
		return result, err
	}
	if content, err := json.Marshal(result); err == nil {
		store.Put(s.key, content)
	}
	return result, nil
}

// verifiedKey is the key of what a stream says of a layer. The layer's digest was verified, so that
// it counts wherever the layer came from.
func (j *job) verifiedKey(how string) string {
	return fmt.Sprintf("%s %s %s %d", how, j.layer.Digest, j.layer.MediaType, j.layer.Size)
}

// servedKey is the key of what one repository says of a layer, by bytes that no digest verifies.
// Another repository, on the same registry or elsewhere, may serve other bytes.
func (j *job) servedKey(o *origin, how string) string {
	return j.verifiedKey(how) + " from " + o.image().Source
}

// annotatedKey is the key of results that also depend on annotations, which the layer's digest does
// not cover.
func (j *job) annotatedKey(o *origin, how string, with any) string {
	// of strings to strings, which cannot fail, with its keys in order
	annotations, _ := json.Marshal(j.layer.Annotations)
	return fmt.Sprintf("%s %x %v", j.servedKey(o, how), sha256.Sum256(annotations), with)
}

// probedKey is the key of what ranges of an origin say within a budget.
func (j *job) probedKey(o *origin, budget int64) string { return j.annotatedKey(o, "probed", budget) }

// No measurement comes to more than this, a pebibyte: sums of thousands of layers stay far from an
// overflow.
const (
	mostBytes  = 1 << 50
	mostInodes = mostBytes / disksize.BlockSize
)

// isPossible reports whether a measurement could have been made. What is stored lies in files, and
// files can be changed.
func isPossible(m layersize.Measurement) bool {
	return slices.Contains(layersize.Methods, m.Method) &&
		isPossibleInterval(m.UnpackedBytes) && isPossibleInterval(m.DiskBytes) &&
		0 <= m.LikelyInodes && m.LikelyInodes <= mostInodes &&
		(m.Inodes == nil || *m.Inodes == m.LikelyInodes) &&
		(!m.Exact || m.Inodes != nil && m.DiskBytes.Min == m.DiskBytes.Max)
}

func isPossibleInterval(i layersize.Interval) bool {
	return 0 <= i.Min && i.Min <= i.Value && i.Value <= i.Max && i.Max <= mostBytes
}

// refusedKey is the key of a refused stream of the first origin, whose digest could not be
// verified.
func (j *job) refusedKey() string { return j.servedKey(j.origins[0], "probed in place of a stream") }

// refusedBefore returns what may be read by ranges of a layer that is known to be refused as a
// stream.
func (m *Measurer) refusedBefore(j *job) (left int64, refused bool) {
	content, found := m.Store.Get(j.refusedKey())
	if !found || !j.orProbe {
		return 0, false
	}
	left, err := strconv.ParseInt(string(content), 10, 64)
	return left, err == nil && 0 <= left && left <= allowanceFor(j.layer.Size, DefaultReadBudget)
}

func (m *Measurer) storeRefusal(j *job, left int64) {
	m.Store.Put(j.refusedKey(), strconv.AppendInt(nil, left, 10))
}
