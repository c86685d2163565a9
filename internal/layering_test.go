// Package internal_test holds the diagram of DESIGN.md: which package may import which, in the
// provider's module and in the laboratory's, and what each may know of the world. The lists of
// DESIGN.md are held to be this diagram.
package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	module    = "github.com/tkeimage/terraform-provider-tkeimage"
	terraform = "github.com/hashicorp/terraform-plugin-"
)

// A view says what a room may import from outside this module.
type view int

const (
	libraries     view = iota // any library but Terraform's
	withTerraform             // Terraform's types too
	offline                   // libraries, but nothing of package net
	standard                  // the standard library, and nothing of package net
)

// A room is a package under internal/, one of the laboratory, whose name begins with lab/, or main,
// which has no name.
type room struct {
	name    string
	view    view
	imports string // the rooms that it may import, all of them further down
	props   bool   // for tests and the laboratory: nothing that is shipped may import it
}

// diagram is the provider's module, from the roof down. A new package has its place here before it
// has its first file.
var diagram = []room{
	{name: "acctest", props: true, view: withTerraform, imports: "provider tfcli tke/tketest"},
	{name: "sandbox", props: true},
	{name: "tfcli", props: true},

	{name: "", view: withTerraform, imports: "provider"},
	{
		name: "provider",
		view: withTerraform,
		imports: "imagecache rootdisk diskprice tcrtoken annotations tfdiag clients measure store registry " +
			"registry/transport registry/hostsdir credentials tke tcr cbs cloudapi redact",
	},
	{name: "imagecache", view: withTerraform, imports: "annotations tfdiag clients registry tke disksize"},
	{
		name:    "rootdisk",
		view:    withTerraform,
		imports: "annotations tfdiag clients measure registry registry/failure layersize disksize",
	},
	{name: "diskprice", view: withTerraform, imports: "tfdiag clients cbs disksize"},
	{name: "tcrtoken", view: withTerraform, imports: "tfdiag clients tcr"},
	{name: "annotations", view: withTerraform, imports: "disksize"},
	{
		name:    "tfdiag",
		view:    withTerraform,
		imports: "clients measure registry registry/failure layersize credentials tke cbs cloudapi disksize",
	},

	{name: "clients", imports: "measure tke tcr cbs credentials redact"},
	{name: "tke/tketest", props: true, imports: "cloudapi/apitest"},
	{name: "registry/registrytest", props: true, imports: "subprocess"},
	{name: "subprocess", props: true},
	{name: "credentials/ststest", props: true, imports: "cloudapi/apitest"},
	{name: "tcr/tcrtest", props: true, imports: "cloudapi/apitest"},
	{name: "cbs/cbstest", props: true, imports: "cloudapi/apitest"},
	{name: "cloudapi/apitest", props: true},
	{name: "layersize/ztoctest", props: true, view: offline},
	{name: "layersize/streamtest", props: true, view: offline, imports: "layersize layersize/layertest layersize/stream"},
	{name: "layersize/packtest", props: true, view: offline},
	{name: "layersize/layertest", props: true, view: offline, imports: "disksize layersize"},

	{
		name: "measure",
		imports: "disksize layersize layersize/probe layersize/stream measure/soci mediatype redact registry " +
			"registry/failure store",
	},
	{name: "measure/soci", imports: "layersize layersize/ztoc registry registry/failure store"},
	{name: "registry", imports: "registry/transport registry/failure mediatype redact"},
	{name: "registry/transport", imports: "registry/dockerconfig registry/hostsdir registry/failure redact"},
	{name: "registry/dockerconfig"},
	{name: "registry/hostsdir"},
	{name: "registry/failure", imports: "redact"},
	{
		name: "layersize/probe",
		view: offline,
		imports: "disksize layersize layersize/compression layersize/estimate layersize/ext4 layersize/inventory " +
			"layersize/jsontoc layersize/rangeread layersize/sampling layersize/stream layersize/tarball mediatype",
	},
	{
		name: "layersize/jsontoc",
		view: offline,
		imports: "disksize layersize layersize/compression layersize/inventory layersize/rangeread " +
			"layersize/tarball layersize/toc layersize/unpack mediatype",
	},
	{
		name: "layersize/ztoc",
		view: offline,
		imports: "layersize layersize/compression layersize/inventory layersize/rangeread layersize/tarball " +
			"layersize/toc mediatype",
	},
	{
		name:    "layersize/toc",
		view:    offline,
		imports: "layersize layersize/compression layersize/inventory layersize/rangeread layersize/tarball mediatype",
	},
	{name: "layersize/stream", view: offline, imports: "layersize layersize/inventory layersize/unpack"},
	{name: "layersize/unpack", view: offline, imports: "layersize layersize/compression mediatype"},
	{name: "layersize/inventory", view: offline, imports: "disksize layersize layersize/ext4"},
	{
		name:    "layersize/sampling",
		view:    offline,
		imports: "layersize layersize/deflate layersize/estimate layersize/transcript layersize/zstdblock",
	},
	{
		name:    "layersize/estimate",
		view:    offline,
		imports: "layersize layersize/compression layersize/tarball layersize/transcript layersize/zstdblock",
	},
	{name: "layersize/zstdblock", view: standard, imports: "layersize/transcript"},
	{name: "layersize/deflate", view: standard, imports: "layersize/transcript"},
	{name: "layersize/transcript", view: standard},
	{name: "layersize/tarball", view: offline, imports: "disksize layersize layersize/ext4"},
	{name: "layersize/ext4", view: offline, imports: "disksize"},
	{name: "layersize", view: offline, imports: "layersize/compression layersize/rangeread mediatype"},
	{name: "layersize/compression", view: offline, imports: "mediatype"},
	{name: "layersize/rangeread", view: standard},
	{name: "mediatype", view: standard},
	{name: "disksize", view: standard},
	{name: "store", view: standard},
	{name: "tke", imports: "cloudapi"},
	{name: "tcr", imports: "cloudapi redact"},
	{name: "cbs", imports: "cloudapi"},
	{name: "credentials", imports: "cloudapi redact"},
	{name: "cloudapi", imports: "redact"},
	{name: "redact", view: standard},
}

// laboratory is the module in lab/, which stands on the provider's. What is nothing but tests has
// no place in it.
var laboratory = []room{
	{name: "lab/demo", props: true, imports: "sandbox tfcli tke/tketest registry/registrytest"},
	{name: "lab/picture", props: true},
	{name: "lab/campaign/quickprovider", props: true, view: withTerraform, imports: "provider registry/transport"},
	{name: "lab/docschema", props: true, view: withTerraform, imports: "provider"},
	{
		name:    "lab/bench",
		props:   true,
		imports: "lab/giant tfcli tke/tketest measure registry registry/transport tke cloudapi",
	},
	{name: "lab/bench/floor", props: true, view: withTerraform},
	{name: "lab/bench/null", props: true, view: withTerraform, imports: "provider imagecache"},
	{
		name:    "lab/truth",
		props:   true,
		imports: "sandbox measure registry registry/transport registry/registrytest disksize",
	},
	{name: "lab/giant", props: true},
	{name: "lab/kubetest", props: true, imports: "subprocess"},
}

// house is both modules, the laboratory on top.
var house = slices.Concat(laboratory, diagram)

func TestDiagramPointsDownwards(t *testing.T) {
	t.Parallel()

	for i, r := range house {
		for imported := range strings.FieldsSeq(r.imports) {
			at := slices.IndexFunc(house, func(other room) bool { return other.name == imported })
			if at <= i {
				t.Errorf("the diagram lets %q import %q, which does not stand below it", r.name, imported)
			}
			if at >= 0 && house[at].props && !r.props {
				t.Errorf("the diagram lets %q, which is shipped, import %q, which is for tests", r.name, imported)
			}
		}
	}
}

func TestImportsFollowTheDiagram(t *testing.T) {
	t.Parallel()

	for _, found := range packages(t) {
		if len(found.GoFiles) == 0 {
			continue // nothing but tests
		}
		i := slices.IndexFunc(house, func(r room) bool { return r.name == found.room() })
		if i < 0 {
			t.Errorf("%s has no place in the diagram: add it to DESIGN.md and here", found.ImportPath)
			continue
		}
		for _, imported := range found.Imports {
			if problem := house[i].objection(imported); problem != "" {
				t.Errorf("%s imports %s: %s", found.ImportPath, imported, problem)
			}
		}
		for allowed := range strings.FieldsSeq(house[i].imports) {
			if !slices.ContainsFunc(found.Imports, func(path string) bool { return roomOf(path) == allowed }) {
				t.Errorf(
					"the diagram lets %s import %s, which it does not: an arrow that nothing uses permits an "+
						"import that was never decided on",
					found.ImportPath, allowed,
				)
			}
		}
	}
}

func TestObjections(t *testing.T) {
	t.Parallel()

	const framework = terraform + "framework/types"
	for _, c := range []struct {
		room     room
		imported string
		objects  bool
	}{
		{room{name: "tke"}, framework, true},
		{room{name: "imagecache", view: withTerraform}, framework, false},
		{room{name: "tke", imports: "credentials"}, module + "/internal/credentials", false},
		{room{name: "tke", imports: "credentials"}, module + "/internal/registry", true},
		{room{name: "tke", imports: "credentials"}, module + "/lab/giant", true},
		{room{name: "lab/bench", imports: "lab/giant"}, module + "/lab/giant", false},
		{room{name: "registry"}, "net/http", false},
		{room{name: "layersize", view: offline}, "net/http", true},
		{room{name: "layersize", view: offline}, "github.com/klauspost/compress/zstd", false},
		{room{name: "disksize", view: standard}, "math", false},
		{room{name: "disksize", view: standard}, "golang.org/x/sync/errgroup", true},
		{room{name: "disksize", view: standard}, "net", true},
	} {
		if got := c.room.objection(c.imported); (got != "") != c.objects {
			t.Errorf("%s importing %s: objection %q", c.room.name, c.imported, got)
		}
	}
}

// objection says why the room must not import the path, and nothing if it may.
func (r room) objection(path string) string {
	if strings.HasPrefix(path, module+"/") {
		if !slices.Contains(strings.Fields(r.imports), roomOf(path)) {
			return "the diagram has no such arrow"
		}
		return ""
	}

	host, _, _ := strings.Cut(path, "/")
	switch {
	case strings.HasPrefix(path, terraform) && r.view != withTerraform:
		return "this room does not know that Terraform exists"
	case host == "net" && (r.view == offline || r.view == standard):
		return "this room has no network"
	case strings.Contains(host, ".") && r.view == standard:
		return "this room makes do with the standard library"
	}

	return ""
}

type goPackage struct {
	ImportPath string
	GoFiles    []string
	Imports    []string
}

func (p goPackage) room() string { return roomOf(p.ImportPath) }

// roomOf returns the name of a package of either module.
func roomOf(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(path, module), "/"), "internal/")
}

// packages lists what both modules are made of.
func packages(t *testing.T) []goPackage {
	t.Helper()

	return append(packagesIn(t, ".."), packagesIn(t, "../lab")...)
}

func packagesIn(t *testing.T, folder string) []goPackage {
	t.Helper()

	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,GoFiles,Imports", "./...")
	list.Dir = folder
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}

	var found []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list wrote what is no JSON: %v", err)
		}
		found = append(found, p)
	}
	if len(found) == 0 {
		t.Fatalf("go list found no package in %s: the test looks at nothing", folder)
	}

	return found
}
