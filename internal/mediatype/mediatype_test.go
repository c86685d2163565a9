package mediatype

import (
	"errors"
	"strings"
	"testing"
)

// TestLayersAreReadAsContainerdReadsThem: each was pulled with containerd 1.6.20, with gzip,
// Zstandard and plain data.
func TestLayersAreReadAsContainerdReadsThem(t *testing.T) {
	t.Parallel()
	for mediaType, want := range map[string]Layer{
		"application/vnd.oci.image.layer.v1.tar":              {Compression: None},
		"application/vnd.oci.image.layer.v1.tar+gzip":         {Compression: Gzip, Detects: true},
		"application/vnd.oci.image.layer.v1.tar+zstd":         {Compression: Zstandard, Detects: true},
		"application/vnd.oci.image.layer.v1.tar+zstd+chunked": {Compression: Zstandard, Detects: true},
		"application/vnd.oci.image.layer.v1.tar+gzip+zz":      {Compression: None},
		"application/vnd.oci.image.layer.v1.tar+foo":          {Compression: None},
		"application/vnd.oci.image.layer.v1.tar+gzip;x=y":     {Compression: None},
		"application/vnd.oci.image.layer.v1.tar+":             {Compression: None},
		"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": {
			Compression: Gzip, Detects: true, Foreign: true,
		},
		"application/vnd.docker.image.rootfs.diff.tar":          {Compression: None, Detects: true},
		"application/vnd.docker.image.rootfs.diff.tar.gzip":     {Compression: Gzip, Detects: true},
		"application/vnd.docker.image.rootfs.diff.tar.gzip+foo": {Compression: None},
		"application/vnd.docker.image.rootfs.diff.tar.zstd": {
			Compression: Zstandard, Detects: true, Recent: true,
		},
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": {Compression: Gzip, Detects: true, Foreign: true},
	} {
		got, err := ParseLayer(mediaType)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", mediaType, got, err, want)
		}
	}
}

func TestWhatIsNoTarIsRefusedByName(t *testing.T) {
	t.Parallel()
	for mediaType, encrypted := range map[string]bool{
		"":                  false,
		"application/x-tar": false,
		"application/vnd.oci.image.layer.v1.tar+encrypted":            true,
		"application/vnd.oci.image.layer.v1.tar+gzip+encrypted":       true,
		"application/vnd.docker.image.rootfs.diff.tar.gzip+encrypted": true,
		"APPLICATION/VND.OCI.IMAGE.LAYER.V1.TAR+GZIP":                 false,
		"application/vnd.oci.image.layer.nydus.blob.v1":               false,
		"application/vnd.ollama.image.model":                          false,
		"application/vnd.kitops.modelkit.model.v1.tar+gzip":           false,
		"application/vnd.cncf.model.weight.v1.raw":                    false,
		"application/vnd.in-toto+json":                                false,
		"application/vnd.cncf.helm.chart.content.v1.tar+gzip":         false,
		"application/vnd.oci.empty.v1+json":                           false,
		"application/vnd.oci.image.layer.v1.erofs":                    false,
	} {
		_, err := ParseLayer(mediaType)
		refused, ok := errors.AsType[*Error](err)
		if !ok || refused.MediaType != mediaType || refused.Encrypted != encrypted {
			t.Errorf("%s gave %v", mediaType, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, mediaType) ||
			strings.Contains(text, "is encrypted") != encrypted {
			t.Errorf("%s is refused with %q", mediaType, text)
		}
	}
}
