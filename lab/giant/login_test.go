package giant_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// TestWhatALoginCosts, in requests of three cold images in repositories of their own: a refused one
// for each repository, and where there is a token service, a token for each. They are fewer where one
// image learns before another asks that the registry lists no referrers.
func TestWhatALoginCosts(t *testing.T) {
	t.Parallel()
	const images = 3
	for scheme, most := range map[giant.Scheme]int64{"": 32, giant.Basic: 32 + images, giant.Bearer: 32 + 2*images} {
		got := costOfImages(t, giant.Login{Scheme: scheme, Username: "robot", Password: "for-this-test"}, images)
		if got > most || got < most-images {
			t.Errorf("%q: %d requests, want %d", scheme, got, most)
		}
	}
}

// costOfImages measures images of 2 GiB in one layer, and returns the requests.
func costOfImages(t *testing.T, login giant.Login, images int) (requests int64) {
	t.Helper()
	r := giantsWith(t, giant.Options{Login: login})
	var references []string
	for i := range images {
		reference, err := r.Add(fmt.Sprintf("team/app%d", i), giant.NewLayer(uint64(i), 2<<30))
		if err != nil {
			t.Fatal(err)
		}
		references = append(references, reference)
	}
	folder := t.TempDir()
	password := base64.StdEncoding.EncodeToString([]byte(login.Username + ":" + login.Password))
	config := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.Host, password)
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Config{Transport: transport.Config{DockerConfigDir: folder}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&measure.Measurer{Registry: client}).Measure(t.Context(), measure.Request{
		Images: references, Platform: "linux/amd64", Mode: measure.Auto, ReadBudget: measure.DefaultReadBudget,
		Disk: measure.DefaultDisk,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, requests = r.Cost()
	return requests
}
