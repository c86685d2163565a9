package registry

import (
	"errors"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const emptyConfig = `{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"` + someDigest + `"}`

func oneLayer(size string) string {
	return `{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":` + size + `,"digest":"` + someDigest +
		`"}`
}

func TestDocumentsThatDoNotHoldTogetherAreErrorsOfTheirKind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		document string
		want     failure.Kind
	}{
		"not JSON":      {`<html>`, failure.Malformed},
		"JSON and more": {`{"schemaVersion":2,"manifests":[]} x`, failure.Malformed},
		"an array":      {`[]`, failure.Malformed},
		"nothing":       {`{}`, failure.NotAnImage},
		"schema 1":      {`{"schemaVersion":1,"fsLayers":[]}`, failure.NotAnImage},
		"schema 1 by media type": {
			`{"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}`, failure.NotAnImage,
		},
		"manifest and index at once": {`{"manifests":[],"layers":[]}`, failure.Malformed},
		"an index that denies it": {
			`{"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}`, failure.Malformed,
		},
		"a manifest that denies it": {
			`{"mediaType":"application/vnd.oci.image.index.v1+json","config":` + emptyConfig + `}`, failure.Malformed,
		},
		"a config without a digest": {
			`{"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2}}`, failure.Malformed,
		},
		"a negative size": {`{"config":` + emptyConfig + `,"layers":[` + oneLayer("-1") + `]}`, failure.Malformed},
		"a size beyond int64": {
			`{"config":` + emptyConfig + `,"layers":[` + oneLayer("9223372036854775808") + `]}`, failure.Malformed,
		},
		"a size that is no integer": {
			`{"config":` + emptyConfig + `,"layers":[` + oneLayer("1e30") + `]}`, failure.Malformed,
		},
		"sizes whose sum overflows": {
			`{"config":` + emptyConfig + `,"layers":[` + oneLayer("9223372036854775807") + `,` +
				oneLayer("9223372036854775807") + `]}`,
			failure.Malformed,
		},
		"a layer without a digest": {`{"config":` + emptyConfig + `,"layers":[{"size":1}]}`, failure.Malformed},
		"a digest that is none": {
			`{"config":` + emptyConfig + `,"layers":[{"size":1,"digest":"../../x"}]}`, failure.Malformed,
		},
		"too many layers": {
			`{"config":` + emptyConfig + `,"layers":[` + strings.Repeat(oneLayer("1")+",", maxLayers) +
				oneLayer("1") + `]}`,
			failure.TooLarge,
		},
		"an entry with a bad size": {`{"manifests":[{"size":-5,"digest":"` + someDigest + `"}]}`, failure.Malformed},
	} {
		_, err := parseDocument([]byte(test.document), someDigest)
		e := assertKind(t, err, test.want)
		if len(e.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", name, len(e.Error()))
		}
	}
}

func TestAManifestThatIsNoImageIsAnArtifact(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		"application/vnd.cncf.helm.config.v1+json": true, "application/vnd.oci.empty.v1+json": true, "": true,
		"application/vnd.oci.image.config.v1+json": false, "application/vnd.docker.container.image.v1+json": false,
	} {
		document := `{"config":{"mediaType":"` + kind + `","size":2,"digest":"` + someDigest + `"},"layers":[]}`
		doc, err := parseDocument([]byte(document), someDigest)
		if err != nil || doc.isArtifact() != want {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func TestAThousandLayersAreRead(t *testing.T) {
	t.Parallel()
	document := `{"config":` + emptyConfig + `,"layers":[` + strings.Repeat(oneLayer("1")+",", 999) + oneLayer("1") +
		`]}`
	doc, err := parseDocument([]byte(document), someDigest)
	if err != nil || len(doc.layers) != 1000 {
		t.Fatalf("%v", err)
	}
}

// The chain ids are those that `sha256sum` gives for the formula of the OCI image-spec.
func TestChainIDsFollowTheSpecification(t *testing.T) {
	t.Parallel()
	diff := func(c string) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: strings.Repeat(c, 64)} }
	layers := make([]v1.Descriptor, 3)
	stack, err := stackLayers(layers, []v1.Hash{diff("a"), diff("b"), diff("c")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"sha256:" + strings.Repeat("a", 64),
		"sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c",
		"sha256:c1377126441fb2f5ec2c21ae2a60255331d639e830f0ee1b40a36e52d4c40588",
	}
	for i, layer := range stack {
		if layer.ChainID != want[i] {
			t.Errorf("layer %d: %s, want %s", i, layer.ChainID, want[i])
		}
	}
	_, err = stackLayers(layers, []v1.Hash{diff("a")})
	assertKind(t, err, failure.Malformed)
}

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":` + emptyConfig + `,"layers":[` + oneLayer("7") + `]}`))
	f.Add([]byte(
		`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":3,"digest":"` +
			someDigest + `","platform":{"os":"linux","architecture":"arm"}}]}`,
	))
	f.Add([]byte(`{"schemaVersion":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := parseDocument(data, someDigest)
		if err != nil {
			if _, typed := errors.AsType[*failure.Error](err); !typed {
				t.Fatalf("%T", err)
			}
			return
		}
		total := int64(0)
		for _, layer := range doc.layers {
			if total += layer.Size; layer.Size < 0 || total < 0 || layer.Digest.Hex == "" {
				t.Fatalf("accepted %+v", layer)
			}
		}
		s := &search{wanted: platform{os: "linux", arch: "amd64"}}
		for _, entry := range s.orderEntries(doc.entries) {
			if entry.Size < 0 || entry.Digest.Hex == "" {
				t.Fatalf("accepted %+v", entry)
			}
		}
	})
}

func FuzzParseConfiguration(f *testing.F) {
	f.Add([]byte(
		`{"os":"linux","architecture":"arm64","variant":"v8","rootfs":{"type":"layers","diff_ids":["` + someDigest +
			`"]}}`,
	))
	f.Add([]byte(`{"rootfs":{"diff_ids":[null]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := parseConfiguration(data)
		if err != nil {
			return
		}
		for i, id := range config.RootFS.DiffIDs {
			if _, err := v1.NewHash(id.String()); err != nil {
				t.Fatalf("diff id %d is %s", i, id.String())
			}
		}
		config.platform()
	})
}
