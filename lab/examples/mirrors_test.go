package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mirrored is a registry that cannot be reached.
const mirrored = "registry.example.com"

// TestAMirrorHasWhatItsRegistryCannotSend, named in either way, by a registry on loopback. Images keep
// the name of their registry. The files of the example are read beside those of the test.
func TestAMirrorHasWhatItsRegistryCannotSend(t *testing.T) {
	t.Parallel()
	for way, configure := range map[string]func(t *testing.T, w *world){
		"mirrors": func(t *testing.T, w *world) {
			t.Helper()
			w.Set(t, map[string]any{
				"images": []string{mirrored + "/team/app:v1"}, "mirrors": map[string][]string{mirrored: {w.registry.Host}},
			})
		},
		"registry_hosts_dir": func(t *testing.T, w *world) {
			t.Helper()
			folder := filepath.Join(w.Folder, "certs.d", mirrored)
			if err := os.MkdirAll(folder, 0o750); err != nil {
				t.Fatal(err)
			}
			hosts := fmt.Sprintf("server = \"https://%s\"\n\n[host.\"http://%s\"]\n", mirrored, w.registry.Host)
			if err := os.WriteFile(filepath.Join(folder, "hosts.toml"), []byte(hosts), 0o600); err != nil {
				t.Fatal(err)
			}
			w.Set(t, map[string]any{"images": []string{mirrored + "/team/app:v1"}, "registry_hosts_dir": "certs.d"})
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "mirrors", nil)
			_, digest := w.push(t, "team/app:v1", 5000)
			configure(t, w)
			w.apply(t)
			var size int64
			var pinned map[string]string
			w.output(t, "size_gib", &size)
			w.output(t, "pinned_images", &pinned)
			want := map[string]string{mirrored + "/team/app:v1": mirrored + "/team/app@" + digest}
			if diff := cmp.Diff(want, pinned); diff != "" || size != 20 {
				t.Errorf("%d GiB, images - want, + got:\n%s", size, diff)
			}
		})
	}
}
