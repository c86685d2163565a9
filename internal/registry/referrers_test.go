package registry

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const artifactType = "application/vnd.example.list.v1+json"

func listed(artifactType, content string) v1.Descriptor {
	d := described(types.OCIManifestSchema1, []byte(content))
	d.ArtifactType = artifactType
	return d
}

// TestReferrersAreListed by the API, filtered by the registry or not, or by the tag in its place.
func TestReferrersAreListed(t *testing.T) {
	t.Parallel()
	list := asJSON(t, v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{
		listed("application/vnd.example.signature", "a"), listed(artifactType, "b"), listed("", "c"),
		listed(artifactType, "d"),
	}})
	for name, api := range map[string]bool{"API": true, "tag": false} {
		s := newStand(t)
		d := s.image("a/x", "v1", "linux/amd64", []byte("layer"))
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case api && r.URL.Path == "/v2/a/x/referrers/"+d.Digest.String() &&
				r.URL.Query().Get("artifactType") == artifactType,
				!api && r.URL.Path == "/v2/a/x/manifests/"+strings.Replace(d.Digest.String(), ":", "-", 1):
				w.Write(list)
			case strings.HasPrefix(r.URL.Path, "/v2/a/x/referrers/"):
				w.WriteHeader(http.StatusNotFound)
			default:
				return false
			}
			return true
		}
		config := quick(t)
		config.HostFacts = &facts{known: map[string]bool{}}
		c := newClient(t, config)
		image := mustResolve(t, c, s.host()+"/a/x:v1", "linux/amd64")
		// the second time, it is known what the registry lacks, and so it is to another run
		for i, requests := range []int{map[bool]int{true: 1, false: 2}[api], 1, 1} {
			if i == 2 {
				c = newClient(t, config)
			}
			s.forget()
			got, err := c.Referrers(t.Context(), image, artifactType)
			if err != nil || len(got) != 2 || got[0].Digest != digestOf([]byte("b"), "") || got[1].Size != 1 {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			if asked := s.requests(); len(asked) != requests {
				t.Errorf("%s: %v, want %d requests", name, asked, requests)
			}
		}
	}
}

// TestALookForReferrersIsNotRepeated: what it finds is a convenience.
func TestALookForReferrersIsNotRepeated(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]failure.Kind{
		http.StatusInternalServerError: failure.Unavailable, http.StatusTooManyRequests: failure.RateLimited,
		http.StatusForbidden:    failure.Forbidden,
		http.StatusUnauthorized: failure.Unauthorized, http.StatusMethodNotAllowed: failure.Protocol,
	} {
		s := newStand(t)
		s.image("a/x", "v1", "linux/amd64", []byte("layer"))
		c := newClient(t, quick(t))
		image := mustResolve(t, c, s.host()+"/a/x:v1", "linux/amd64")
		s.forget()
		s.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(status)
			return true
		}
		_, err := c.Referrers(t.Context(), image, artifactType)
		assertKind(t, err, kind)
		if asked := s.requests(); len(asked) != 1 {
			t.Errorf("%d: %v", status, asked)
		}
	}
}

// TestABodyOfAConvenienceThatBreaksIsNotAskedForAgain, neither that of a list nor that of an
// artifact.
func TestABodyOfAConvenienceThatBreaksIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("a/x", "v1", "linux/amd64", []byte("layer"))
	c := newClient(t, quick(t))
	image := mustResolve(t, c, s.host()+"/a/x:v1", "linux/amd64")
	s.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"manifests":`)
		return true
	}
	for name, look := range map[string]func() error{
		"referrers": func() error { _, err := c.Referrers(t.Context(), image, artifactType); return err },
		"artifact": func() error {
			_, err := c.Artifact(t.Context(), image, digestOf([]byte("list"), ""), -1)
			return err
		},
	} {
		s.forget()
		assertKind(t, look(), failure.Unreachable)
		if asked := s.requests(); len(asked) != 1 {
			t.Errorf("%s: %v", name, asked)
		}
	}
}

func TestAListOfReferrersIsBoundedAndRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		kind failure.Kind // "" for an empty list
	}{
		"empty":            {`{"schemaVersion":2,"manifests":[]}`, ""},
		"without a digest": {`{"manifests":[{"artifactType":"` + artifactType + `","size":3}]}`, ""},
		"with a size below 0": {
			fmt.Sprintf(`{"manifests":[{"artifactType":%q,"size":-3,"digest":%q}]}`, artifactType, digestOf(nil, "")),
			"",
		},
		"no JSON":  {`not found`, failure.Malformed},
		"a page":   {`<html>`, failure.WebPage},
		"too long": {strings.Repeat(" ", maxReferrers+1), failure.TooLarge},
	} {
		s := newStand(t)
		s.image("a/x", "v1", "linux/amd64", []byte("layer"))
		c := newClient(t, quick(t))
		image := mustResolve(t, c, s.host()+"/a/x:v1", "linux/amd64")
		s.intercept = func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, test.body); return true }
		got, err := c.Referrers(t.Context(), image, artifactType)
		switch {
		case test.kind != "":
			assertKind(t, err, test.kind)
		case err != nil || len(got) > 0:
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestAnArtifactIsVerified(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("a/x", "v1", "linux/amd64", []byte("layer"))
	blob := s.blob("a/x", []byte("content"))
	blob.Annotations = map[string]string{"for": "layer"}
	subject := described(types.OCIManifestSchema1, []byte("image"))
	document := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: s.blob("a/x", []byte("{}")),
		Layers: []v1.Descriptor{blob}, Subject: &subject,
	}
	document.Config.MediaType = artifactType
	d := s.manifest("a/x", "list", types.OCIManifestSchema1, document)
	config := quick(t)
	store := &memory{}
	config.Manifests = store
	c := newClient(t, config)
	image := mustResolve(t, c, s.host()+"/a/x:v1", "linux/amd64")

	got, err := c.Artifact(t.Context(), image, d.Digest.String(), d.Size)
	if err != nil || got.Type != artifactType || got.Subject != subject.Digest.String() || len(got.Blobs) != 1 ||
		got.Blobs[0].Annotations["for"] != "layer" {
		t.Fatalf("%+v, %v", got, err)
	}
	s.forget()
	if _, err := c.Artifact(t.Context(), image, d.Digest.String(), -1); err != nil || len(s.requests()) > 0 {
		t.Errorf("a kept artifact was asked for again: %v, %v", s.requests(), err)
	}
	if _, err := c.Artifact(t.Context(), image, d.Digest.String(), d.Size+1); err == nil {
		t.Error("another size than announced was taken")
	}
	_, err = c.Artifact(t.Context(), image, "sha256:../x", -1)
	assertKind(t, err, failure.Malformed)
	s.intercept = func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, "{}"); return true }
	_, err = c.Artifact(t.Context(), image, digestOf([]byte("another"), ""), -1)
	assertKind(t, err, failure.DigestMismatch)
}

func TestAnArtifactIsReadStrictly(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no JSON":                "<html>",
		"a blob without digest":  `{"layers":[{"size":1}]}`,
		"a blob of size below 0": fmt.Sprintf(`{"layers":[{"size":-1,"digest":%q}]}`, digestOf(nil, "")),
		"too many blobs":         `{"layers":[` + strings.Repeat("{},", maxLayers) + `{}]}`,
	} {
		var e *failure.Error
		if _, err := parseArtifact([]byte(document), ""); !errors.As(err, &e) ||
			!slices.Contains([]failure.Kind{failure.Malformed, failure.TooLarge}, e.Kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOddAnnotationsAreNoFault: what hangs on them is a convenience.
func TestOddAnnotationsAreNoFault(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	d := s.image("a/x", "v1", "linux/amd64", []byte("layer"))
	c := newClient(t, quick(t))
	image := mustResolve(t, c, s.host()+"/a/x@"+d.Digest.String(), "linux/amd64")
	if len(image.Annotations) > 0 {
		t.Errorf("%v", image.Annotations)
	}
	for _, odd := range []string{`[]`, `"x"`, `{"a":1}`, `null`} {
		manifest := fmt.Sprintf(
			`{"schemaVersion":2,"annotations":%s,"config":{"mediaType":%q,"digest":%q,"size":1},"layers":[]}`, odd,
			types.OCIConfigJSON, digestOf(nil, ""),
		)
		if parsed, err := parseDocument([]byte(manifest), ""); err != nil || parsed.parseAnnotations()["a"] != "" {
			t.Errorf("%s: %v", odd, err)
		}
	}
}
