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

// An access says what a package may import from outside this module.
type access int

const (
	libraries     access = iota // any library but Terraform's
	withTerraform               // Terraform's types too
	offline                     // libraries, but nothing of package net
	standard                    // the standard library, and nothing of package net
)

// A row is a package under internal/, one of the laboratory, whose name begins with lab/, or main,
// which has no name.
type row struct {
	name      string
	access    access
	imports   string // the packages that it may import, all of them further down
	unshipped bool   // for tests and the laboratory: nothing that is shipped may import it
}

// diagram is the provider's module, top-down. A new package has its row here before it has its
// first file.
var diagram = []row{
	{name: "acctest", unshipped: true, access: withTerraform, imports: "provider tfcli tke/tketest"},
	{name: "tfcli", unshipped: true},

	{name: "", access: withTerraform, imports: "provider"},
	{
		name:   "provider",
		access: withTerraform,
		imports: "imagecache rootdisk diskprice tcrtoken annotations tfdiag clients measure store registry " +
			"registry/transport registry/hostsdir credentials tke tcr cbs cloudapi redact",
	},
	{name: "imagecache", access: withTerraform, imports: "annotations deferral tfdiag clients registry tke disksize"},
	{
		name:    "rootdisk",
		access:  withTerraform,
		imports: "annotations deferral tfdiag clients measure registry registry/failure layersize disksize",
	},
	{name: "diskprice", access: withTerraform, imports: "deferral tfdiag clients cbs disksize"},
	{name: "tcrtoken", access: withTerraform, imports: "deferral tfdiag clients tcr"},
	{name: "annotations", access: withTerraform, imports: "disksize"},
	{name: "deferral", access: withTerraform, imports: "tfdiag clients"},
	{
		name:    "tfdiag",
		access:  withTerraform,
		imports: "clients measure registry registry/failure layersize credentials tke cbs cloudapi disksize",
	},

	{name: "clients", imports: "measure store tke tcr cbs credentials redact"},
	{name: "tke/tketest", unshipped: true, imports: "cloudapi/apitest"},
	{name: "registry/registrytest", unshipped: true, imports: "subprocess"},
	{name: "registry/imagetest", unshipped: true},
	{name: "subprocess", unshipped: true},
	{name: "credentials/ststest", unshipped: true, imports: "cloudapi/apitest"},
	{name: "tcr/tcrtest", unshipped: true, imports: "cloudapi/apitest"},
	{name: "cbs/cbstest", unshipped: true, imports: "cloudapi/apitest"},
	{name: "cloudapi/apitest", unshipped: true},
	{name: "layersize/ztoctest", unshipped: true, access: offline},
	{
		name: "layersize/streamtest", unshipped: true, access: offline,
		imports: "layersize layersize/layertest layersize/stream",
	},
	{name: "layersize/packtest", unshipped: true, access: offline},
	{name: "layersize/layertest", unshipped: true, access: offline, imports: "disksize layersize"},

	{
		name: "measure",
		imports: "disksize layersize layersize/probe layersize/rangeread layersize/stream measure/soci mediatype redact " +
			"registry registry/failure store",
	},
	{name: "measure/soci", imports: "layersize layersize/ztoc registry registry/failure store"},
	{name: "registry", imports: "registry/transport registry/failure mediatype redact"},
	{name: "registry/transport", imports: "registry/dockerconfig registry/hostsdir registry/failure redact"},
	{name: "registry/dockerconfig"},
	{name: "registry/hostsdir"},
	{name: "registry/failure", imports: "redact"},
	{
		name:   "layersize/probe",
		access: offline,
		imports: "disksize layersize layersize/compression layersize/estimate layersize/ext4 layersize/inventory " +
			"layersize/jsontoc layersize/rangeread layersize/sampling layersize/stream layersize/tarball mediatype",
	},
	{
		name:   "layersize/jsontoc",
		access: offline,
		imports: "disksize layersize layersize/compression layersize/inventory layersize/rangeread " +
			"layersize/tarball layersize/toc layersize/unpack mediatype",
	},
	{
		name:   "layersize/ztoc",
		access: offline,
		imports: "layersize layersize/compression layersize/inventory layersize/rangeread layersize/tarball " +
			"layersize/toc mediatype",
	},
	{
		name:    "layersize/toc",
		access:  offline,
		imports: "layersize layersize/compression layersize/inventory layersize/rangeread layersize/tarball mediatype",
	},
	{name: "layersize/stream", access: offline, imports: "layersize layersize/inventory layersize/unpack"},
	{name: "layersize/unpack", access: offline, imports: "layersize layersize/compression mediatype"},
	{name: "layersize/inventory", access: offline, imports: "disksize layersize layersize/ext4"},
	{
		name:   "layersize/sampling",
		access: offline,
		imports: "layersize layersize/deflate layersize/estimate layersize/rangeread layersize/transcript " +
			"layersize/zstdblock",
	},
	{
		name:    "layersize/estimate",
		access:  offline,
		imports: "layersize layersize/compression layersize/tarball layersize/transcript layersize/zstdblock",
	},
	{name: "layersize/zstdblock", access: standard, imports: "layersize/transcript"},
	{name: "layersize/deflate", access: standard, imports: "layersize/transcript"},
	{name: "layersize/transcript", access: standard},
	{name: "layersize/tarball", access: offline, imports: "disksize layersize layersize/ext4"},
	{name: "layersize/ext4", access: offline, imports: "disksize"},
	{name: "layersize", access: offline, imports: "layersize/compression layersize/rangeread mediatype"},
	{name: "layersize/compression", access: offline, imports: "mediatype"},
	{name: "layersize/rangeread", access: standard},
	{name: "mediatype", access: standard},
	{name: "disksize", access: standard},
	{name: "store", access: standard},
	{name: "tke", imports: "cloudapi"},
	{name: "tcr", imports: "cloudapi redact"},
	{name: "cbs", imports: "cloudapi"},
	{name: "credentials", imports: "cloudapi redact"},
	{name: "cloudapi", imports: "redact"},
	{name: "redact", access: standard},
}

// laboratory is the module in lab/, which stands on the provider's. What is nothing but tests has
// no row in it.
var laboratory = []row{
	{name: "lab/demo", unshipped: true, imports: "tfcli tke/tketest registry/registrytest registry/imagetest"},
	{name: "lab/picture", unshipped: true},
	{
		name: "lab/campaign/quickprovider", unshipped: true, access: withTerraform,
		imports: "provider registry/transport",
	},
	{name: "lab/docschema", unshipped: true, access: withTerraform, imports: "provider"},
	{
		name:      "lab/bench",
		unshipped: true,
		imports:   "lab/giant tfcli tke/tketest measure registry registry/transport tke cloudapi",
	},
	{name: "lab/bench/floor", unshipped: true, access: withTerraform},
	{name: "lab/bench/null", unshipped: true, access: withTerraform, imports: "provider imagecache"},
	{
		name:      "lab/truth",
		unshipped: true,
		imports: "measure registry registry/transport registry/registrytest registry/imagetest disksize lab/giant " +
			"layersize layersize/stream",
	},
	{name: "lab/giant", unshipped: true},
	{name: "lab/kubetest", unshipped: true, imports: "subprocess"},
}

// rows are those of both modules, the laboratory on top.
var rows = slices.Concat(laboratory, diagram)

func TestDiagramPointsDownwards(t *testing.T) {
	t.Parallel()

	for i, r := range rows {
		for imported := range strings.FieldsSeq(r.imports) {
			at := slices.IndexFunc(rows, func(other row) bool { return other.name == imported })
			if at <= i {
				t.Errorf("the diagram lets %q import %q, which is not below it", r.name, imported)
			}
			if at >= 0 && rows[at].unshipped && !r.unshipped {
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
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == found.name() })
		if i < 0 {
			t.Errorf("%s has no row in the diagram: add it to DESIGN.md and here", found.ImportPath)
			continue
		}
		for _, imported := range found.Imports {
			if problem := rows[i].objection(imported); problem != "" {
				t.Errorf("%s imports %s: %s", found.ImportPath, imported, problem)
			}
		}
		for allowed := range strings.FieldsSeq(rows[i].imports) {
			if !slices.ContainsFunc(found.Imports, func(path string) bool { return nameOf(path) == allowed }) {
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
		row      row
		imported string
		objects  bool
	}{
		{row{name: "tke"}, framework, true},
		{row{name: "imagecache", access: withTerraform}, framework, false},
		{row{name: "tke", imports: "credentials"}, module + "/internal/credentials", false},
		{row{name: "tke", imports: "credentials"}, module + "/internal/registry", true},
		{row{name: "tke", imports: "credentials"}, module + "/lab/giant", true},
		{row{name: "lab/bench", imports: "lab/giant"}, module + "/lab/giant", false},
		{row{name: "registry"}, "net/http", false},
		{row{name: "layersize", access: offline}, "net/http", true},
		{row{name: "layersize", access: offline}, "github.com/klauspost/compress/zstd", false},
		{row{name: "disksize", access: standard}, "math", false},
		{row{name: "disksize", access: standard}, "golang.org/x/sync/errgroup", true},
		{row{name: "disksize", access: standard}, "net", true},
	} {
		if got := c.row.objection(c.imported); (got != "") != c.objects {
			t.Errorf("%s importing %s: objection %q", c.row.name, c.imported, got)
		}
	}
}

// objection returns why the package must not import the path, and nothing if it may.
func (r row) objection(path string) string {
	if strings.HasPrefix(path, module+"/") {
		if !slices.Contains(strings.Fields(r.imports), nameOf(path)) {
			return "the diagram has no such arrow"
		}
		return ""
	}

	host, _, _ := strings.Cut(path, "/")
	switch {
	case strings.HasPrefix(path, terraform) && r.access != withTerraform:
		return "this package has none of Terraform's types"
	case host == "net" && (r.access == offline || r.access == standard):
		return "this package has no network"
	case strings.Contains(host, ".") && r.access == standard:
		return "this package has the standard library only"
	}

	return ""
}

type goPackage struct {
	ImportPath string
	GoFiles    []string
	Imports    []string
}

func (p goPackage) name() string { return nameOf(p.ImportPath) }

// nameOf returns the name of a package of either module.
func nameOf(path string) string {
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
