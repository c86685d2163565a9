package rootdisk_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
)

const address = "data.tkeimage_root_disk_size.test"

func layer(t *testing.T, seed uint64, files ...imagetest.File) v1.Layer {
	t.Helper()
	l, err := imagetest.WriteLayer(t.Context(), t.TempDir(), seed, files)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func image(t *testing.T, architecture string, layers ...v1.Layer) v1.Image {
	t.Helper()
	built, err := imagetest.Build(architecture, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// push returns the reference and the digest of what was pushed.
func push(t *testing.T, reference string, what remote.Taggable, options ...remote.Option) (string, string) {
	t.Helper()
	digest, err := imagetest.Push(t.Context(), reference, what, options...)
	if err != nil {
		t.Fatal(err)
	}
	return reference, digest
}

func configuration(provider, arguments string, images ...string) string {
	quoted := make([]string, 0, len(images))
	for _, reference := range images {
		quoted = append(quoted, fmt.Sprintf("%q", reference))
	}
	return fmt.Sprintf(`
provider "tkeimage" {
  measurement_cache_dir = ""
  %s
}

data "tkeimage_root_disk_size" "test" {
  images = [%s]
  %s
}
`, provider, strings.Join(quoted, ", "), arguments)
}

func has(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), value)
}

func run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

func TestASmallImageFitsTheFreeDisk(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	reference, digest := push(
		t, registry.Host+"/app:v1",
		image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 5000, Like: imagetest.Text})),
	)
	layerPath := tfjsonpath.New("image_details").AtMapKey(reference).AtMapKey("layers").AtSliceIndex(0)
	run(t, resource.TestStep{
		Config: configuration("", "", reference), // no cloud credentials at all
		ConfigPlanChecks: resource.ConfigPlanChecks{
			PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
		},
		ConfigStateChecks: []statecheck.StateCheck{
			has("size_gib", knownvalue.Int64Exact(20)),
			has("fits_default_disk", knownvalue.Bool(true)),
			has("billable_gib", knownvalue.Int64Exact(0)),
			has("exact", knownvalue.Bool(true)),
			has("required_inodes", knownvalue.Int64Exact(2+2+3)),
			has("pod_annotations", knownvalue.MapSizeExact(0)),
			has("digests", knownvalue.MapExact(map[string]knownvalue.Check{reference: knownvalue.StringExact(digest)})),
			has(
				"pinned_images",
				knownvalue.MapExact(
					map[string]knownvalue.Check{reference: knownvalue.StringExact(registry.Host + "/app@" + digest)},
				),
			),
			has("report", knownvalue.StringRegexp(regexp.MustCompile(
				`(?s)^\*\*Disk: 20 GiB\*\*, which is free.*counted file by file.*\| streamed +\| exact`,
			))),
			statecheck.ExpectKnownValue(
				address,
				layerPath.AtMapKey("method"),
				knownvalue.StringExact("streamed"),
			),
			statecheck.ExpectKnownValue(
				address,
				layerPath.AtMapKey("files"),
				knownvalue.Int64Exact(2),
			),
		},
	})
}

func TestWhatIsWrittenMakesTheDiskLarger(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	reference, _ := push(
		t, registry.Host+"/app:v1", image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 5000})),
	)
	annotation := knownvalue.MapExact(
		map[string]knownvalue.Check{"eks.tke.cloud.tencent.com/root-cbs-size": knownvalue.StringExact("40")},
	)
	run(
		t,
		resource.TestStep{
			Config: configuration("", "writable_gib = 30", reference),
			ConfigStateChecks: []statecheck.StateCheck{
				has("size_gib", knownvalue.Int64Exact(40)),
				has("billable_gib", knownvalue.Int64Exact(20)),
				has("fits_default_disk", knownvalue.Bool(false)),
				has("pod_annotations", annotation),
			},
		},
		resource.TestStep{
			Config: configuration(
				"", "writable_gib = 30.5\n round_to_gib = 1\n max_utilization_percent = 100", reference,
			),
			ConfigStateChecks: []statecheck.StateCheck{
				has("size_gib", knownvalue.Int64Exact(32))},
		},
	)
}

func TestThePlatformIsChosenFromAnIndex(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	arm := image(t, "arm64", layer(t, 1, imagetest.File{Name: "a", Size: 50_000}))
	amd := image(t, "amd64", layer(t, 2, imagetest.File{Name: "a", Size: 5000}))
	index := mutate.AppendManifests(
		empty.Index,
		mutate.IndexAddendum{
			Add:        arm,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}},
		},
		mutate.IndexAddendum{
			Add:        amd,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
		},
	)
	reference, _ := push(t, registry.Host+"/multi:v1", index)
	var steps []resource.TestStep
	for platform, want := range map[string]v1.Image{"": amd, "linux/amd64": amd, "linux/arm64": arm} {
		digest, err := want.Digest()
		if err != nil {
			t.Fatal(err)
		}
		argument := ""
		if platform != "" {
			argument = fmt.Sprintf("platform = %q", platform)
		}
		steps = append(
			steps,
			resource.TestStep{
				Config: configuration("", argument, reference),
				ConfigStateChecks: []statecheck.StateCheck{
					has(
						"digests",
						knownvalue.MapExact(
							map[string]knownvalue.Check{reference: knownvalue.StringExact(digest.String())},
						),
					),
				},
			},
		)
	}
	run(t, append(steps, resource.TestStep{
		Config: configuration("", `platform = "linux/s390x"`, reference),
		ExpectError: acctest.MatchWrapped(
			`does not exist for this platform.*multi:v1.*only for linux/arm64, linux/amd64`,
		),
	})...)
}

// TestEachFailureHasItsOwnText: what is wrong, with which image, at which host.
func TestEachFailureHasItsOwnText(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	open := registrytest.Start(t, registrytest.Options{})
	closed := registrytest.Start(t, registrytest.Options{Username: "u", Password: "p"})
	stopped := httptest.NewServer(nil)
	gone := strings.TrimPrefix(stopped.URL, "http://")
	stopped.Close()
	present, _ := push(t, open.Host+"/app:v1", image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 1})))
	for name, test := range map[string]struct{ config, says string }{
		"no such image": {
			configuration("", "", open.Host+"/app:v2"),
			`(?s)Image does not exist.*` + open.Host + `/app:v2.*` + open.Host,
		},
		"no such platform": {
			configuration("", `platform = "linux/arm64"`, present),
			`(?s)does not exist for this platform.*` + present,
		},
		"registry down": {configuration("", "", gone+"/app:v1"), `(?s)Registry cannot be reached.*` + gone + `/app:v1`},
		"no credentials": {
			configuration("", "", closed.Host+"/app:v1"),
			`(?s)Registry refuses the credentials.*` + closed.Host + `/app:v1`,
		},
		"wrong password": {
			configuration(
				fmt.Sprintf(`registries = { %q = { username = "u", password = "CANARY" } }`, closed.Host), "",
				closed.Host+"/app:v1",
			),
			`(?s)Registry refuses the credentials.*` + closed.Host + `/app:v1`,
		},
		"not a reference": {configuration("", "", "https://example.com/app"), `Not an image reference`},
		"a space": {
			configuration("", "", " nginx:1.27"), `(?s)Not an image reference.*␣nginx:1.27: .* has no blanks`,
		},
		"no tag": {
			configuration("", "", open.Host+"/other"), `(?s)Image does not exist.*/other \(no tag, so latest\): `,
		},
		"a null": {
			strings.Replace(configuration("", "", present), "images = [", "images = [null, ", 1),
			`(?s)Image is missing.*images\[0\] is null`,
		},
		"an empty one": {configuration("", "", present, ""), `(?s)Image is missing.*images\[1\] is empty`},
		"a wrong mode": {
			configuration("", `measure = "guess"`, present), `(?s)measure.*"auto" "manifest" "sample"\s+"full"`,
		},
		"no images": {configuration("", ""), `(?s)images.*at least 1`},
		"a negative size": {
			configuration("", `writable_gib = -1`, present),
			`(?s)Not a size in GiB.*-1 GiB is not between 0 and 32000`,
		},
		"too much": {configuration("", `writable_gib = 31000`, present), `No disk is large enough`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: test.config, ExpectError: acctest.MatchWrapped(test.says)})
		})
	}
}

// TestAllWrongImagesAreNamedInOneRun, in the order of the list.
func TestAllWrongImagesAreNamedInOneRun(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	open := registrytest.Start(t, registrytest.Options{})
	closed := registrytest.Start(t, registrytest.Options{Username: "u", Password: "p"})
	present, _ := push(t, open.Host+"/app:v1", image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 1})))
	arm, _ := push(t, open.Host+"/arm:v1", image(t, "arm64", layer(t, 1, imagetest.File{Name: "a", Size: 1})))
	noTar := static.NewLayer([]byte("x"), types.OCIUncompressedLayer)
	broken, _ := push(t, open.Host+"/broken:v1", image(t, "amd64", noTar))
	config := configuration("", "", closed.Host+"/app:v1", present, broken, arm, "Nginx:1.27", open.Host+"/app:v2")
	run(t, resource.TestStep{Config: config, ExpectError: acctest.MatchWrapped(
		`(?s)Registry refuses the credentials.*` + closed.Host + `/app:v1.*Layer cannot be unpacked.*` + broken +
			`.*does not exist for this platform.*` + arm + `.*Not an image reference.*Nginx:1.27` +
			`.*Image does not exist.*` + open.Host + `/app:v2`)})
}

// TestTheReportIsWholeInAnErrorMessage: the CLI breaks long lines there, but for those of tables.
func TestTheReportIsWholeInAnErrorMessage(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	reference, _ := push(
		t, registry.Host+"/app:v1", image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 5000})),
	)
	postcondition := `
  lifecycle {
    postcondition {
      condition     = self.size_gib <= 10
      error_message = "Too large.\n\n${self.report}"
    }
  }`
	run(t, resource.TestStep{
		Config: configuration("", postcondition, reference),
		ExpectError: regexp.MustCompile(
			`(?m)^ *\*\*Disk: 20 GiB\*\*, which is free\.\n(?:.*\n)+` +
				` +\| Image \(linux/amd64\) +\| Compressed \| +Unpacked \| Layers \|\n(?:.*\n)+` +
				` +\| How the size comes about +\| +GiB \|\n(?: +\| .* \|\n){6} +\| = disk +\| 20\.00 \|\n(?:.*\n)+` +
				` +\| Layer +\| Compressed \| +On disk \| Method +\| Bounds +\|\n +\|.*\|\n +\|.*\| exact +\|$`,
		),
	})
}

func TestConfiguredCredentialsReadAPrivateRegistry(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{Username: "u", Password: "p"})
	reference, _ := push(
		t, registry.Host+"/private:v1", image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 1})),
		remote.WithAuth(&authn.Basic{Username: "u", Password: "p"}),
	)
	run(t, resource.TestStep{
		Config: configuration(
			fmt.Sprintf(`registries = { %q = { username = "u", password = "p" } }`, registry.Host), "", reference,
		),
		ConfigStateChecks: []statecheck.StateCheck{has("exact", knownvalue.Bool(true))},
	})
}

// TestALayerThatCannotBeCountedIsNamed, with what is wrong with it, and with its image.
func TestALayerThatCannotBeCountedIsNamed(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	whole, err := layer(t, 1, imagetest.File{Name: "a", Size: 100_000, Like: imagetest.Noise}).Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	half, err := io.ReadAll(io.LimitReader(whole, 50_000))
	if err != nil {
		t.Fatal(err)
	}
	wide := []byte("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00") // a Zstandard frame with a window of 256 MiB
	present, _ := push(t, registry.Host+"/app:v1", image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 1})))
	for name, test := range map[string]struct {
		layer v1.Layer
		says  string
	}{
		"cut": {
			static.NewLayer(half, types.OCILayer),
			`Layer cannot be unpacked.*%s: layer sha256:.*ends early.*rebuild the image`,
		},
		"text": {
			static.NewLayer([]byte("#!/bin/sh\n"), types.OCIUncompressedLayer),
			`Layer cannot be unpacked.*%s: layer sha256:.*not a readable tar`,
		},
		"wide": {
			static.NewLayer(wide, types.OCILayerZStd),
			`Layer exceeds what is counted.*%s: layer sha256:.*window.*measure = "sample"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reference, _ := push(t, registry.Host+"/"+name+":v1", image(t, "amd64", test.layer))
			says := acctest.MatchWrapped(fmt.Sprintf(test.says, reference))
			run(
				t,
				resource.TestStep{Config: configuration("", `measure = "full"`, present, reference), ExpectError: says},
			)
		})
	}
}
