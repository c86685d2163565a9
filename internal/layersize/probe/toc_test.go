package probe

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/jsontoc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
)

func TestATableOfContentsCountsWhatAStreamDoes(t *testing.T) {
	t.Parallel()
	data := layertest.Everything(t)
	plain, built := layertest.NewEStargz(t, data)
	annotated := plain
	annotated.Annotations = map[string]string{toc.AnnotationDigest: built.TOCDigest().String()}
	sized := plain
	streamed := streamtest.CountLayer(t, plain)
	sized.Annotations = map[string]string{layersize.AnnotationStargzSize: fmt.Sprint(streamed.UnpackedBytes.Value)}
	legacy, _ := layertest.NewEStargz(t, data, estargz.WithChunkSize(50_000))
	chunked := layertest.NewChunked(t, data)
	footer := chunked
	footer.Annotations = nil
	podman := chunked
	podman.Annotations = map[string]string{}
	for key, value := range chunked.Annotations {
		podman.Annotations[strings.Replace(key, jsontoc.AnnotationNerdctl, jsontoc.AnnotationPodman, 1)] = value
	}
	podmanFooter := footer
	podmanFooter.Blob = &layertest.Memory{Data: withPodmanFooter(t, chunked.Blob.(*layertest.Memory).Data)}
	podmanFooter.Size = int64(len(podmanFooter.Blob.(*layertest.Memory).Data))

	for name, l := range map[string]layersize.Layer{
		"eStargz": plain, "eStargz with its digest": annotated, "eStargz with its size": sized,
		"eStargz of small chunks": legacy,
		"zstd:chunked":            chunked, "zstd:chunked by its footer": footer,
		"zstd:chunked by Podman": podman, "zstd:chunked by Podman's footer": podmanFooter,
	} {
		t.Run(name, func(t *testing.T) {
			want := streamtest.CountLayer(t, l)
			m, used := probed(
				t,
				layersize.Layer{
					MediaType:   l.MediaType,
					Size:        l.Size,
					Annotations: l.Annotations,
					Blob:        &layertest.Memory{Data: l.Blob.(*layertest.Memory).Data, Many: true},
				},
				probeBudget,
			)
			single, alone := probed(
				t,
				layersize.Layer{
					MediaType:   l.MediaType,
					Size:        l.Size,
					Annotations: l.Annotations,
					Blob:        &layertest.Memory{Data: l.Blob.(*layertest.Memory).Data},
				},
				probeBudget,
			)
			if single.DiskBytes != m.DiskBytes || !single.Exact || alone.Requests > 9 {
				t.Errorf("by single ranges, %d requests, got %+v", alone.Requests, single)
			}
			if m.Method != layersize.MethodTOC || !m.Exact || m.Inodes == nil || m.Note != "" {
				t.Fatalf("got %+v", m)
			}
			if m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes {
				t.Errorf("%+v and %d inodes, streamed %+v and %d", m.DiskBytes, *m.Inodes, want.DiskBytes, *want.Inodes)
			}
			if u := m.UnpackedBytes; u.Min > want.UnpackedBytes.Value || u.Max < want.UnpackedBytes.Value {
				t.Errorf("the tar has %d bytes, which is not within %+v", want.UnpackedBytes.Value, u)
			}
			if l.Annotations[layersize.AnnotationStargzSize] != "" && m.UnpackedBytes != want.UnpackedBytes {
				t.Errorf("the annotated size is %d, got %+v", want.UnpackedBytes.Value, m.UnpackedBytes)
			}
			if used.Requests > 5 {
				t.Errorf("%d requests", used.Requests)
			}
		})
	}
}

// withPodmanFooter replaces nerdctl's footer of 40 bytes by Podman's of 64.
func withPodmanFooter(t *testing.T, blob []byte) []byte {
	t.Helper()
	old := len(blob) - zstdchunked.FooterSize
	footer := append([]byte{0x50, 0x2a, 0x4d, 0x18}, binary.LittleEndian.AppendUint32(nil, 64)...)
	footer = append(footer, blob[old:old+32]...)
	footer = append(footer, make([]byte, 24)...)
	return append(bytes.Clone(blob[:old-8]), append(footer, "GNUlInUx"...)...)
}

func TestATableOfContentsThatCannotBeIsPassedOver(t *testing.T) {
	t.Parallel()
	data := layertest.Everything(t)
	plain, _ := layertest.NewEStargz(t, data)
	chunked := layertest.NewChunked(t, data)
	const position = jsontoc.AnnotationNerdctl + jsontoc.AnnotationPosition
	with := func(l layersize.Layer, key, value string) layersize.Layer {
		annotations := map[string]string{key: value}
		for k, v := range l.Annotations {
			if _, ok := annotations[k]; !ok {
				annotations[k] = v
			}
		}
		l.Annotations = annotations
		l.Blob = &layertest.Memory{Data: l.Blob.(*layertest.Memory).Data}
		return l
	}
	truth := int64(len(data))
	wrongDigest := fmt.Sprintf("sha256:%x", sha256.Sum256(nil))
	for name, test := range map[string]struct {
		layer  layersize.Layer
		budget int64
		note   string
	}{
		"another digest":          {with(plain, toc.AnnotationDigest, wrongDigest), probeBudget, "digest"},
		"another digest, chunked": {with(chunked, toc.AnnotationDigest, wrongDigest), probeBudget, "digest"},
		"another checksum": {
			with(chunked, jsontoc.AnnotationNerdctl+jsontoc.AnnotationChecksum, wrongDigest), probeBudget, "digest",
		},
		"a size that contradicts": {
			with(plain, layersize.AnnotationStargzSize, fmt.Sprint(truth*2)), probeBudget, "it lists",
		},
		"a budget too small":  {with(plain, "", ""), 18_000, "the read budget is spent"},
		"outside of the blob": {with(chunked, position, "99999999999:100:1000:1"), probeBudget, "within the blob"},
		"an overflowing place": {
			with(chunked, position, "9223372036854775807:9223372036854775807:1:1"), probeBudget, "within the blob",
		},
		"a negative place": {with(chunked, position, "-5:100:1000:1"), probeBudget, "within the blob"},
		"not a table":      {with(chunked, position, "100:1000:1000:1"), probeBudget, "table of contents"},
		"another length": {
			with(chunked, position, strings.Replace(chunked.Annotations[position], ":1", "5:1", 1)), probeBudget,
			"table of contents",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := probed(t, test.layer, test.budget)
			if m.Method == layersize.MethodTOC || m.Exact || !strings.Contains(m.Note, test.note) {
				t.Errorf("got %+v", m)
			}
			if m.UnpackedBytes.Max < truth/2 {
				t.Errorf("the tar has %d bytes, got %+v", truth, m.UnpackedBytes)
			}
		})
	}
}
