package tketest_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/compression"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// startReal returns a server whose builds pull.
func startReal(t *testing.T, opts tketest.Options) (*tketest.Server, *client) {
	t.Helper()
	s := tketest.Start(t, opts)
	return s, newClient(s)
}

// wantFailure waits for the end of a failed build, and holds its Warning event.
func wantFailure(t *testing.T, s *tketest.Server, id string, says ...string) {
	t.Helper()
	for _, event := range await(t, s, id, tketest.StatusFailed).Events {
		if event.Type != tketest.EventWarning {
			continue
		}
		for _, text := range says {
			if !strings.Contains(event.Message, text) {
				t.Errorf("%q does not say %q", event.Message, text)
			}
		}
		return
	}
	t.Error("no Warning event")
}

func TestBuilderPullsWhatThereIs(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	img := imageOf(
		t, layerOf(t, 10_000, compression.None), layerOf(t, 20_000, compression.GZip),
		layerOf(t, 30_000, compression.ZStd),
	)
	arm := v1.Platform{OS: "linux", Architecture: "arm64"}
	amd := v1.Platform{OS: "linux", Architecture: "amd64"}
	onArm := mutate.IndexAddendum{Add: imageOf(t), Descriptor: v1.Descriptor{Platform: &arm}}
	onAmd := mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &amd}}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	single := r.push(t, "single:1", img)
	multi := r.push(t, "multi:1", mutate.AppendManifests(empty.Index, onArm, onAmd))
	elsewhere := r.push(t, "elsewhere:1", mutate.AppendManifests(empty.Index, onArm))

	s, c := startReal(t, tketest.Options{})
	ready := c.create(t, fields{"Images": []string{single, multi, r.host + "/single@" + digest.String()}})
	missing := c.create(t, fields{"Images": []string{single, r.host + "/single:2"}})
	foreign := c.create(t, fields{"Images": []string{elsewhere}})
	await(t, s, ready, tketest.StatusReady)
	wantFailure(
		t, s, missing, "Failed to pull image \""+r.host+"/single:2\"", "code = NotFound", "/single:2: not found",
	)
	wantFailure(t, s, foreign, "linux", "amd64")
}

func TestBuilderLogsIn(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	r.username, r.password = "user", "pass"
	private := r.push(t, "private:1", imageOf(t, layerOf(t, 10_000, compression.GZip)))
	s, c := startReal(t, tketest.Options{})
	login := func(server, password string) fields {
		return fields{"Images": []string{private}, "ImageRegistryCredentials": []fields{
			{"Server": "other.example.com", "Username": "other", "Password": "other"},
			{"Server": server, "Username": "user", "Password": password},
		}}
	}
	right := c.create(t, login(r.host, "pass"))
	for _, wrong := range []fields{login(r.host, "past"), login("127.0.0.1:1", "pass"), {"Images": []string{private}}} {
		wantFailure(t, s, c.create(t, wrong), "401 Unauthorized", "failed to resolve reference \""+private+"\"")
	}
	await(t, s, right, tketest.StatusReady)
}

func TestBuilderRunsOutOfSpace(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	layer := layerOf(t, 3<<19, compression.GZip) // 1.5 MiB compressed, and 1.5 unpacked
	large := r.push(t, "large:1", imageOf(t, layer))
	s, c := startReal(t, tketest.Options{BytesPerGiB: 1 << 17})

	small := c.create(t, fields{"Images": []string{large}})
	enough := c.create(t, fields{"Images": []string{large}, "ImageCacheSize": 30})
	wantFailure(t, s, small, "no space left on device")
	message := ""
	for _, event := range await(t, s, small, tketest.StatusFailed).Events {
		if event.Type == tketest.EventWarning {
			message = event.Message
		}
	}
	containerd := regexp.MustCompile(
		`^Failed to pull image "[^"]+": rpc error: code = Unknown desc = failed to pull and unpack image "[^"]+": ` +
			`failed to copy: write /var/lib/containerd/io\.containerd\.content\.v1\.content/ingest/[0-9a-f]{64}/data: ` +
			`no space left on device$`,
	)
	if !containerd.MatchString(message) {
		t.Errorf("not containerd's text: %s", message)
	}
	await(t, s, enough, tketest.StatusReady)

	again := c.create(t, fields{"Images": []string{large}, "ImageCacheSize": 40})
	await(t, s, again, tketest.StatusReady)
	if got := r.got("/blobs/" + digestOf(t, layer)); got != 1 {
		t.Errorf("three builds fetched the layer %d times, want 1", got)
	}
	c.ok(t, tketest.ActionUpdate, fields{"ImageCacheId": again, "Images": []string{large, r.host + "/gone:1"}})
	await(t, s, again, tketest.StatusUpdateFailed)
}

// A disk that the blobs alone overflow is full before a layer is read.
func TestBuilderLooksAtBlobsFirst(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	layer := layerOf(t, 3<<20, compression.GZip)
	s, c := startReal(t, tketest.Options{BytesPerGiB: 1 << 17})
	wantFailure(
		t, s, c.create(t, fields{"Images": []string{r.push(t, "large:1", imageOf(t, layer))}}),
		"no space left on device",
	)
	if got := r.got("/blobs/" + digestOf(t, layer)); got != 0 {
		t.Errorf("the layer was fetched %d times, want 0", got)
	}
}

// What images share is on the disk once: blobs by digest, but what is unpacked by chain id. The
// disk has 2.4 MiB.
func TestBuilderSharesLayers(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	zeros := func(kib int, seed byte) v1.Layer { // next to nothing when compressed
		return packed(t, compression.GZip, archiveOf(t, bytes.Repeat([]byte{seed}, kib<<10)))
	}
	base, middle := zeros(1000, 1), zeros(700, 2)
	push := func(repository string, layers ...v1.Layer) string {
		return r.push(t, repository, imageOf(t, layers...))
	}
	amd := v1.Platform{OS: "linux", Architecture: "amd64"}
	add := mutate.IndexAddendum{Add: imageOf(t, zeros(2000, 9)), Descriptor: v1.Descriptor{Platform: &amd}}
	index := mutate.AppendManifests(empty.Index, add)
	s, c := startReal(t, tketest.Options{BytesPerGiB: 1 << 17})

	shared := c.create(t, fields{"Images": []string{push("a", base, zeros(400, 3)), push("b", base, zeros(400, 4))}})
	again := c.create(t, fields{"Images": []string{push("c", zeros(700, 5), middle), push("d", zeros(700, 6), middle)}})
	plain := c.create(t, fields{"Images": []string{r.push(t, "plain", index)}})
	heavy := mutate.Annotations(index, map[string]string{"note": strings.Repeat("x", 700<<10)}).(v1.ImageIndex)
	annotated := c.create(t, fields{"Images": []string{r.push(t, "heavy", heavy)}})
	await(t, s, shared, tketest.StatusReady)
	wantFailure(t, s, again, "no space left on device")
	await(t, s, plain, tketest.StatusReady)
	wantFailure(t, s, annotated, "no space left on device")
}

// Archives are padded behind their end, and what pads them belongs to the diff id.
func TestBuilderReadsPaddedArchives(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	padded := append(archiveOf(t, []byte("content")), make([]byte, 1<<20)...)
	s, c := startReal(t, tketest.Options{})
	for _, how := range []compression.Compression{compression.None, compression.GZip, compression.ZStd} {
		image := r.push(t, "padded:"+string(how), imageOf(t, packed(t, how, padded)))
		await(t, s, c.create(t, fields{"Images": []string{image}}), tketest.StatusReady)
	}
}

func TestBuilderPullsAgain(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	moving := r.push(t, "app:latest", imageOf(t, layerOf(t, 10_000, compression.GZip)))
	s, c := startReal(t, tketest.Options{})
	id := c.create(t, fields{"Images": []string{moving}})
	await(t, s, id, tketest.StatusReady)
	layer := layerOf(t, 20_000, compression.GZip)
	r.push(t, "app:latest", imageOf(t, layer))
	c.ok(t, tketest.ActionUpdate, fields{"ImageCacheId": id, "Images": []string{moving}})
	await(t, s, id, tketest.StatusReady)
	if got := r.got("/blobs/" + digestOf(t, layer)); got != 1 {
		t.Errorf("the layer that the tag moved to was fetched %d times, want 1", got)
	}
}

func TestBuilderChecksCertificates(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewTLSServer)
	image := r.push(t, "app:1", imageOf(t, layerOf(t, 10_000, compression.GZip)))
	s, c := startReal(t, tketest.Options{})
	skipping := c.create(t, fields{"Images": []string{image}, "RegistrySkipVerifyList": []string{r.host}})
	checking := c.create(t, fields{"Images": []string{image}, "RegistrySkipVerifyList": []string{"other.example.com"}})
	await(t, s, skipping, tketest.StatusReady)
	wantFailure(t, s, checking, "certificate")
	plain := c.create(t, fields{"Images": []string{image}, "RegistryHttpEndPointList": []string{r.host},
		"RegistrySkipVerifyList": []string{r.host}})
	wantFailure(t, s, plain, image)
}

// Off the loopback interface, plain HTTP is for hosts of the list alone, in private networks too.
func TestBuilderSpeaksPlainHTTP(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	r.push(t, "app:1", imageOf(t, layerOf(t, 10_000, compression.GZip)))
	s, c := startReal(t, tketest.Options{Transport: leadsTo(r)})
	for _, host := range []string{"registry.example.com:5000", "10.1.2.3:5000"} {
		image := host + "/app:1"
		listed := c.create(t, fields{"Images": []string{image}, "RegistryHttpEndPointList": []string{host}})
		await(t, s, listed, tketest.StatusReady)
		wantFailure(t, s, c.create(t, fields{"Images": []string{image}}), host)
	}
}

func TestBuilderNoticesWrongContent(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	layer := layerOf(t, 10_000, compression.None)
	image := r.push(t, "app:1", imageOf(t, layer))
	other := archiveOf(t, bytes.Repeat([]byte("x"), 10_000))
	digest := digestOf(t, layer)
	r.serve = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, digest) {
			_, _ = w.Write(other)
			return true
		}
		return false
	}
	s, c := startReal(t, tketest.Options{})
	wantFailure(t, s, c.create(t, fields{"Images": []string{image}}), digest)
}

func TestBuilderNoticesWrongDiffID(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	img := imageOf(t, layerOf(t, 10_000, compression.GZip))
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.RootFS.DiffIDs[0].Hex = hex64("a")
	lying, err := mutate.ConfigFile(img, config)
	if err != nil {
		t.Fatal(err)
	}
	s, c := startReal(t, tketest.Options{})
	id := c.create(t, fields{"Images": []string{r.push(t, "app:1", lying)}})
	wantFailure(t, s, id, "wrong diff id")
}

// A registry that never goes on does not hold up a deletion, nor Close.
func TestBuilderHeedsItsContext(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, httptest.NewServer)
	layer := layerOf(t, 10_000, compression.GZip)
	image := r.push(t, "app:1", imageOf(t, layer))
	digest := digestOf(t, layer)
	waiting, gone := make(chan struct{}, 2), make(chan struct{}, 2)
	r.serve = func(_ http.ResponseWriter, req *http.Request) bool {
		if !strings.HasSuffix(req.URL.Path, digest) {
			return false
		}
		waiting <- struct{}{}
		<-req.Context().Done()
		gone <- struct{}{}
		return true
	}
	s, c := startReal(t, tketest.Options{})
	id := c.create(t, fields{"Images": []string{image}})
	<-waiting
	c.create(t, fields{"Images": []string{image}}) // waits for its turn to read the layer
	c.ok(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{id}})
	<-gone
	<-waiting // its turn
	began := time.Now()
	s.Close()
	<-gone
	if waited := time.Since(began); waited > 5*time.Second {
		t.Errorf("Close took %v", waited)
	}
}

// A builder of a test's own can go before the default one.
func TestOwnBuilder(t *testing.T) {
	t.Parallel()
	seen := make(chan tketest.Cache, 1)
	s, c := startReal(t, tketest.Options{Builder: func(_ context.Context, cache tketest.Cache) error {
		seen <- cache
		return nil
	}})
	id := c.create(t, fields{"ResolveConfig": "nameserver 10.1.2.3"})
	if cache := <-seen; cache.ID != id || cache.ResolveConfig != "nameserver 10.1.2.3" || cache.Status != "Pending" {
		t.Errorf("the builder saw %+v", cache)
	}
	await(t, s, id, tketest.StatusReady)
}
