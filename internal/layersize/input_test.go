package layersize

import (
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

const (
	gzipType  = "application/vnd.oci.image.layer.v1.tar+gzip"
	plainType = "application/vnd.oci.image.layer.v1.tar"
)

// endsBlob is a gzip stream, as its first bytes say, that records the offsets it is asked for.
type endsBlob struct {
	oneRange bool
	requests [][]int64
}

func (*endsBlob) Open() (io.ReadCloser, error) { return nil, errors.ErrUnsupported }

func (b *endsBlob) ReadAt(p []byte, offset int64) (int, error) {
	b.requests = append(b.requests, []int64{offset})
	b.fill(p, offset)
	return len(p), nil
}

func (b *endsBlob) ReadRanges(buffers [][]byte, offsets []int64) error {
	if b.oneRange {
		return errors.ErrUnsupported
	}
	b.requests = append(b.requests, offsets)
	for i, p := range buffers {
		b.fill(p, offsets[i])
	}
	return nil
}

func (*endsBlob) fill(p []byte, offset int64) {
	if offset == 0 {
		copy(p, []byte{0x1f, 0x8b, 8})
	}
}

// TestBothEndsOfACompressedBlobTakeOneRequest where its host serves two ranges, and the budget has
// room for both.
func TestBothEndsOfACompressedBlobTakeOneRequest(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	for name, test := range map[string]struct {
		blob      endsBlob
		mediaType string
		budget    int64
		requests  [][]int64
		spent     int64
	}{
		"two ranges":       {endsBlob{}, gzipType, 512 << 10, [][]int64{{0, size - 64<<10}}, 128 << 10},
		"a smaller budget": {endsBlob{}, gzipType, 64 << 10, [][]int64{{0, size - 8<<10}}, 16 << 10},
		"one range": {
			endsBlob{oneRange: true}, gzipType, 512 << 10, [][]int64{{0}, {size - 64<<10}}, 128 << 10,
		},
		"a tar by its type":          {endsBlob{}, plainType, 512 << 10, [][]int64{{0}, {size - 64<<10}}, 128 << 10},
		"a budget for the start":     {endsBlob{}, gzipType, 6 << 10, [][]int64{{0}}, 4 << 10},
		"a budget for none of both":  {endsBlob{}, gzipType, 3 << 10, nil, 0},
		"a budget for exactly both":  {endsBlob{}, gzipType, 8 << 10, [][]int64{{0, size - 4<<10}}, 8 << 10},
		"a budget for one byte less": {endsBlob{}, gzipType, 8<<10 - 1, [][]int64{{0}}, 4 << 10},
	} {
		in := NewInput(t.Context(), Layer{MediaType: test.mediaType, Size: size, Blob: &test.blob}, test.budget)
		_, startErr := in.ReadStart()
		_, endErr := in.ReadEnd()
		_, _ = in.ReadStart()
		if diff := cmp.Diff(test.requests, test.blob.requests); diff != "" {
			t.Errorf("%s: requests - want, + got:\n%s", name, diff)
		}
		if spent := test.budget - in.Reader.Left(); spent != test.spent {
			t.Errorf("%s: %d bytes of the budget are spent, want %d", name, spent, test.spent)
		}
		wantsStart, wantsEnd := test.spent > 0, test.spent > in.Ends
		if (startErr == nil) != wantsStart || (endErr == nil) != wantsEnd ||
			startErr != nil && !errors.Is(startErr, ErrNotApplicable) {
			t.Errorf("%s: the start %v, the end %v", name, startErr, endErr)
		}
		if wantsStart && in.Compression != mediatype.Gzip {
			t.Errorf("%s: the first bytes are those of %q", name, in.Compression)
		}
	}
}
