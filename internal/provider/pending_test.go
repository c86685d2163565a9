package provider_test

import (
	"io"
	"log"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// counting is a registry that writes down what it is asked, and wants a password for repositories
// below private/.
type counting struct {
	host string
	mu   sync.Mutex
	got  []string // method and path
}

func newCounting(t *testing.T) *counting {
	t.Helper()
	c := &counting{}
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	c.host = strings.TrimPrefix(apitest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.got = append(c.got, r.Method+" "+r.URL.Path)
		c.mu.Unlock()
		if strings.Contains(r.URL.Path, "/private/") && r.Header.Get("Authorization") != basic("u", canaryRegistry) {
			w.Header().Set("WWW-Authenticate", `Basic realm="stand"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})), "http://")
	pushRandom(t, c.host+"/app:v1", authn.Anonymous)
	pushRandom(t, c.host+"/private/app:v1", &authn.Basic{Username: "u", Password: canaryRegistry})
	c.reset()
	return c
}

func (c *counting) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = nil
}

func (c *counting) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got
}

// measure reads the size of an image by its manifest alone, and returns the diagnostics.
func (s *speaker) measure(t *testing.T, image string) string {
	t.Helper()
	answer, err := s.server.ReadDataSource(
		t.Context(),
		&tfprotov6.ReadDataSourceRequest{TypeName: "tkeimage_root_disk_size",
			Config: values(t, s.schemas.DataSourceSchemas["tkeimage_root_disk_size"], map[string]tftypes.Value{
				"images": tftypes.NewValue(
					tftypes.List{ElementType: tftypes.String}, []tftypes.Value{text(image)},
				),
				"measure": text("manifest"),
			})},
	)
	if err != nil {
		t.Fatal(err)
	}
	return said(answer.Diagnostics)
}

// TestWhatKeepsNothingAsksOnce: without a folder to keep manifests in, a HEAD before the GET saves
// nothing.
func TestWhatKeepsNothingAsksOnce(t *testing.T) {
	t.Parallel()
	registry := newCounting(t)
	s := speak(t, tketest.Start(t, tketest.Options{}))
	if got := s.measure(t, registry.host+"/app:v1"); got != "" {
		t.Fatal(got)
	}
	var manifests []string
	for _, request := range registry.requests() {
		if strings.Contains(request, "/manifests/") {
			manifests = append(manifests, request)
		}
	}
	if len(manifests) != 1 || !strings.HasPrefix(manifests[0], http.MethodGet) {
		t.Errorf("the manifest was asked for with %v", manifests)
	}
}

// TestRegistriesThatAreKnownOnlyDuringApply: an unknown password is not an empty one, and what is
// refused without it is no wrong password.
func TestRegistriesThatAreKnownOnlyDuringApply(t *testing.T) {
	t.Parallel()
	registry := newCounting(t)
	s := speak(t, tketest.Start(t, tketest.Options{}))
	all, _ := s.schemas.Provider.ValueType().(tftypes.Object)
	kind, _ := all.AttributeTypes["registries"].(tftypes.Map)
	entry, ok := kind.ElementType.(tftypes.Object)
	if !ok {
		t.Fatal("registries is no map of objects")
	}
	half := nulls(entry)
	half["username"], half["password"] = text("u"), unknownText
	for name, test := range map[string]struct {
		registries tftypes.Value
		image      string
		says       string // empty: the image is read
		asks       bool
	}{
		"a password": {
			tftypes.NewValue(kind, map[string]tftypes.Value{registry.host: tftypes.NewValue(entry, half)}),
			"/private/app:v1", "Registry configuration is not known until apply", false,
		},
		"a registry": {
			tftypes.NewValue(kind, map[string]tftypes.Value{
				registry.host: tftypes.NewValue(entry, tftypes.UnknownValue),
			}),
			"/app:v1", "Registry configuration is not known until apply", false,
		},
		"another registry": {
			tftypes.NewValue(kind, map[string]tftypes.Value{"r.example.com": tftypes.NewValue(entry, half)}),
			"/app:v1", "", true,
		},
		"another registry, and refused": {
			tftypes.NewValue(kind, map[string]tftypes.Value{"r.example.com": tftypes.NewValue(entry, half)}),
			"/private/app:v1", "Registry refuses the credentials", true,
		},
		"all, and a public image": {tftypes.NewValue(kind, tftypes.UnknownValue), "/app:v1", "", true},
		"all, and a private image": {
			tftypes.NewValue(kind, tftypes.UnknownValue), "/private/app:v1",
			"Registry configuration is not known until apply", true,
		},
	} {
		registry.reset()
		configuration := map[string]tftypes.Value{"registries": test.registries}
		server := speakWith(t, tketest.Start(t, tketest.Options{}), configuration)
		got := server.measure(t, registry.host+test.image)
		if (got == "") != (test.says == "") || !strings.HasPrefix(got, test.says) {
			t.Errorf("%s: said %q", name, got)
		}
		if asked := registry.requests(); (len(asked) > 0) != test.asks {
			t.Errorf("%s: asked %v", name, asked)
		}
	}
}

// TestAPasswordOfTheSameRun: the first plan says that the password is not known yet; with
// depends_on the measurement waits for it.
func TestAPasswordOfTheSameRun(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	registry := newCounting(t)
	configuration := func(more string) string {
		return acctest.Configuration(
			cloud,
			`registries = { "`+registry.host+`" = { username = "u", password = terraform_data.password.output } }`,
		) + `
resource "terraform_data" "password" {
  input = "` + canaryRegistry + `"
}
data "tkeimage_root_disk_size" "x" {
  images = ["` + registry.host + `/private/app:v1"]
  ` + more + `
}
`
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: configuration(""), ExpectError: regexp.MustCompile(`Registry configuration is not known until apply`)},
		{Config: configuration("depends_on = [terraform_data.password]"), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(
				"data.tkeimage_root_disk_size.x", tfjsonpath.New("size_gib"), knownvalue.Int64Exact(20),
			),
		}},
	}})
}
