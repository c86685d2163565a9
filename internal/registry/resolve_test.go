package registry

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestResolveGivesWhatTheManifestSays(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	one, two := []byte("layer one"), []byte("layer two")
	manifest := s.image("lib/app", "1.0", "linux/amd64", one, two)

	image := mustResolve(t, newClient(t, quick(t)), s.host()+"/lib/app:1.0", "")

	diff1, diff2 := digestOf([]byte("diff of layer one"), ""), digestOf([]byte("diff of layer two"), "")
	want := &Image{
		Reference:  s.host() + "/lib/app:1.0",
		Repository: s.host() + "/lib/app",
		Source:     s.host() + "/lib/app",
		Digest:     manifest.Digest.String(),
		Platform:   "linux/amd64",
		Manifests:  []string{manifest.Digest.String()},
		Layers: []Layer{
			{Digest: digestOf(one, ""), DiffID: diff1, ChainID: diff1, MediaType: string(types.OCILayer), Size: 9},
			{
				Digest:    digestOf(two, ""),
				DiffID:    diff2,
				ChainID:   digestOf([]byte(diff1+" "+diff2), ""),
				MediaType: string(types.OCILayer),
				Size:      9,
			},
		},
	}
	metadata := image.Metadata
	image.Metadata = nil
	if image.repo.RepositoryStr() != "lib/app" {
		t.Errorf("the parsed repository is %s", image.repo)
	}
	if diff := cmp.Diff(want, image, cmpopts.IgnoreUnexported(Image{})); diff != "" {
		t.Error(diff)
	}
	if len(metadata) != 2 || metadata[0].Digest != image.Digest || metadata[0].Size != manifest.Size ||
		metadata[1].MediaType != string(types.OCIConfigJSON) {
		t.Errorf("metadata: %+v", metadata)
	}
}

func TestMediaTypesAndAnnotationsPassThrough(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	layers := []v1.Descriptor{
		{MediaType: "application/vnd.oci.image.layer.v1.tar+zstd", Size: 1, Annotations: map[string]string{"a": "b"}},
		{MediaType: types.DockerForeignLayer, Size: 2},
		{MediaType: types.OCIUncompressedLayer, Size: 3},
	}
	for i := range layers {
		layers[i].Digest = described("", []byte{byte(i)}).Digest
	}
	config := s.blob(
		"x",
		asJSON(t, map[string]any{"rootfs": map[string]any{"diff_ids": []string{someDigest, someDigest, someDigest}}}),
	)
	config.MediaType = types.DockerConfigJSON
	s.manifest("x", "1", types.DockerManifestSchema2, v1.Manifest{
		SchemaVersion: 2, MediaType: types.DockerManifestSchema2, Config: config, Layers: layers,
	})

	image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "linux/arm64")

	for i, layer := range image.Layers {
		if layer.MediaType != string(layers[i].MediaType) || layer.Size != layers[i].Size ||
			!cmp.Equal(layer.Annotations, layers[i].Annotations) {
			t.Errorf("layer %d: %+v", i, layer)
		}
	}
	if image.Platform != "linux/arm64" { // a configuration without a platform serves the one that was asked for
		t.Error(image.Platform)
	}
}

func TestTheDigestDecidesWhenATagStandsBesideIt(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	old := s.image("x", "1", "linux/amd64", []byte("old"))
	s.image("x", "1", "linux/amd64", []byte("new"))
	image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1@"+old.Digest.String(), "")
	if image.Digest != old.Digest.String() {
		t.Errorf("got %s", image.Digest)
	}
}

func TestAnIndexGivesTheImageThatContainerdWouldChoose(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	entries := map[string]v1.Descriptor{}
	for _, p := range []string{
		"linux/amd64", "linux/arm64/v8", "linux/arm/v6", "linux/arm/v7", "linux/386", "windows/amd64",
	} {
		entries[p] = s.image("x", "", p, []byte(p))
	}
	attestation := s.image("x", "", "unknown/unknown", []byte("attestation"))
	list := func(names ...string) []v1.Descriptor {
		picked := []v1.Descriptor{attestation}
		for _, name := range names {
			picked = append(picked, entries[name])
		}
		return picked
	}
	for i, test := range []struct {
		entries        []v1.Descriptor
		wanted, chosen string
	}{
		{list("linux/arm64/v8", "windows/amd64", "linux/amd64"), "linux/amd64", "linux/amd64"},
		{list("linux/386", "linux/amd64"), "linux/amd64", "linux/amd64"},
		{list("linux/386"), "linux/amd64", "linux/386"},
		{list("linux/arm/v7", "linux/arm64/v8"), "linux/arm64", "linux/arm64/v8"},
		{list("linux/arm/v6", "linux/arm/v7"), "linux/arm", "linux/arm/v7"},
		{list("linux/arm/v6"), "linux/arm/v7", "linux/arm/v6"},
		{list("windows/amd64", "linux/amd64"), "windows/amd64", "windows/amd64"},
	} {
		tag := fmt.Sprint("t", i)
		index := s.index("x", tag, test.entries...)
		image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x:"+tag, test.wanted)
		if image.Digest != entries[test.chosen].Digest.String() {
			t.Errorf("%d: %s gave %s", i, test.wanted, image.Platform)
		}
		if len(image.Metadata) != 3 || image.Metadata[0].Digest != index.Digest.String() ||
			image.Metadata[0].MediaType != string(types.OCIImageIndex) {
			t.Errorf("%d: metadata %+v", i, image.Metadata)
		}
	}
}

func TestAMissingPlatformListsThoseThatThereAre(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.index("x", "index", s.image("x", "", "linux/amd64", []byte("a")), s.image("x", "", "linux/arm64/v8", []byte("b")),
		s.image("x", "", "unknown/unknown", []byte("c")))
	s.image("x", "single", "linux/arm64", []byte("d"))
	s.manifest("x", "empty", types.OCIImageIndex, v1.IndexManifest{SchemaVersion: 2, Manifests: []v1.Descriptor{}})
	for tag, want := range map[string][]string{
		"index": {"linux/amd64", "linux/arm64"}, "single": {"linux/arm64"}, "empty": nil,
	} {
		_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x:"+tag, "linux/s390x")
		e := assertKind(t, err, failure.NoPlatform)
		if diff := cmp.Diff(want, e.Platforms); diff != "" || e.Platform != "linux/s390x" {
			t.Errorf("%s: %s %s", tag, e.Platform, diff)
		}
	}
}

func TestEntriesWithoutAPlatformAreJudgedByTheirConfiguration(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	arm, amd := s.image("x", "", "linux/arm64", []byte("arm")), s.image("x", "", "linux/amd64", []byte("amd"))
	arm.Platform, amd.Platform = nil, nil
	inner := s.index("x", "", arm, amd)
	s.index("x", "nested", inner)
	image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x:nested", "linux/amd64")
	if image.Digest != amd.Digest.String() || len(image.Metadata) != 6 ||
		image.Metadata[1].Digest != inner.Digest.String() {
		t.Errorf("got %s, metadata %+v", image.Platform, image.Metadata)
	}
}

func TestWhatIsKeptCostsOneHeadAndAPinnedDigestNothing(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	index := s.index(
		"x", "1", s.image("x", "", "linux/amd64", []byte("a")), s.image("x", "", "linux/arm64", []byte("b")),
	)
	store := &memory{}
	resolve := func(reference string) []string {
		s.forget()
		config := quick(t)
		config.Manifests = store
		mustResolve(t, newClient(t, config), reference, "")
		return s.requests()
	}
	tag := s.host() + "/x:1"
	if first := resolve(tag); len(first) != 4 || first[0] != "HEAD /v2/x/manifests/1" {
		t.Errorf("first: %q", first)
	}
	if second := resolve(tag); !slices.Equal(second, []string{"HEAD /v2/x/manifests/1"}) {
		t.Errorf("second: %q", second)
	}
	if pinned := resolve(tag + "@" + index.Digest.String()); len(pinned) != 0 {
		t.Errorf("pinned: %q", pinned)
	}
	for digest := range store.held {
		store.held[digest] = []byte("damaged")
	}
	if damaged := resolve(tag); len(damaged) != 4 {
		t.Errorf("damaged: %q", damaged)
	}
	if again := resolve(tag); len(again) != 1 {
		t.Errorf("mended: %q", again)
	}
}

func TestWithoutAStoreATagIsReadWithoutAHead(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "")
	if got := s.requests(); len(got) != 2 || got[0] != "GET /v2/x/manifests/1" {
		t.Errorf("%q", got)
	}
}

func TestARegistryWithoutAUsefulHeadIsReadByGet(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]func(http.ResponseWriter){
		"405":               func(w http.ResponseWriter) { w.WriteHeader(http.StatusMethodNotAllowed) },
		"501":               func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotImplemented) },
		"404":               func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"no digest":         func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"a digest of none":  func(w http.ResponseWriter) { w.Header().Set("Docker-Content-Digest", "sha256:../x") },
		"an unknown digest": func(w http.ResponseWriter) { w.Header().Set("Docker-Content-Digest", someDigest) },
	} {
		s := newStand(t)
		manifest := s.image("x", "1", "linux/amd64", []byte("a"))
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				head(w)
			}
			return r.Method == http.MethodHead
		}
		config := quick(t)
		store := &memory{}
		config.Manifests = store
		image := mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
		if image.Digest != manifest.Digest.String() || store.size() != 2 {
			t.Errorf("%s: %s, %d kept", name, image.Digest, store.size())
		}
	}
}

func TestAllFourKindsOfManifestAreAskedFor(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	config := quick(t)
	config.Manifests = &memory{}
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
	accepts := s.headers("Accept")
	if len(accepts) != 2 {
		t.Fatalf("%q", accepts)
	}
	for _, accept := range accepts {
		for _, want := range []types.MediaType{
			types.OCIImageIndex, types.OCIManifestSchema1, types.DockerManifestList, types.DockerManifestSchema2,
		} {
			if !strings.Contains(accept, string(want)) {
				t.Errorf("%q lacks %s", accept, want)
			}
		}
	}
}

func TestWhatIsMissingIsNotFound(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	for reference, code := range map[string]string{
		"/x:2": "MANIFEST_UNKNOWN", "/y:1": "NAME_UNKNOWN", "/x@" + someDigest: "MANIFEST_UNKNOWN",
	} {
		for _, store := range []ManifestStore{nil, &memory{}} {
			config := quick(t)
			config.Manifests = store
			_, err := newClient(t, config).Resolve(t.Context(), s.host()+reference, "")
			e := assertKind(t, err, failure.NotFound)
			if e.Code != code || e.StatusCode != http.StatusNotFound || e.Image != s.host()+reference ||
				e.Host != s.host() {
				t.Errorf("%s: %+v", reference, e)
			}
		}
	}
}
