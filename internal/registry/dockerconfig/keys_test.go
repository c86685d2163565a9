package dockerconfig

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

// TestPodmansKeysComeAfterDockersOwn: what each tool writes is found, and Docker's entry wins.
func TestPodmansKeysComeAfterDockersOwn(t *testing.T) {
	t.Parallel()
	const docker = "https://index.docker.io/v1/"
	for label, test := range map[string]struct {
		keys       []string // each entry's username is its key
		repository string
		want       string
	}{
		"Docker's alone":             {[]string{docker}, "library/nginx", docker},
		"podman's alone":             {[]string{"docker.io"}, "library/nginx", "docker.io"},
		"both":                       {[]string{"docker.io", docker, "docker.io/library"}, "library/nginx", docker},
		"a namespace":                {[]string{"docker.io", "docker.io/me"}, "me/app", "docker.io/me"},
		"another namespace":          {[]string{"docker.io", "docker.io/you"}, "me/app", "docker.io"},
		"a repository":               {[]string{"quay.io/a/b", "quay.io/a", "quay.io"}, "quay.io/a/b", "quay.io/a/b"},
		"its namespace":              {[]string{"quay.io/me", "quay.io"}, "quay.io/me/a/pp", "quay.io/me"},
		"its host":                   {[]string{"quay.io/you", "quay.io"}, "quay.io/me/app", "quay.io"},
		"a name that begins alike":   {[]string{"quay.io/m", "quay.io"}, "quay.io/me/app", "quay.io"},
		"nothing that fits":          {[]string{"ghcr.io"}, "quay.io/me/app", ""},
		"Docker Hub by another name": {[]string{"docker.io"}, "registry-1.docker.io/library/nginx", ""},
	} {
		auths := map[string]any{}
		for _, key := range test.keys {
			auths[key] = map[string]string{"username": key, "password": "p"}
		}
		content, err := json.Marshal(map[string]any{"auths": auths})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "config.json"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		repo, err := name.NewRepository(test.repository)
		if err != nil {
			t.Fatal(err)
		}
		found, err := New(dir).Find(t.Context(), repo)
		if err != nil || found.Username != test.want {
			t.Errorf("%s: got %q, %v, want %q", label, found.Username, err, test.want)
		}
	}
}
