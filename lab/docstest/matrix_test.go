package docstest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// A feature is a row of the table in both READMEs: files, and the command that a CLI runs with them
// or refuses. In a file, ID is a cache's.
type feature struct {
	title, chinese, from string
	files                map[string]string
	command              []string
}

const aCache = `
resource "tkeimage_cache" "x" {
  images    = ["app:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  %s
}
`

// otherCache is the state of a cache of Cloud App's provider.
const otherCache = `{
  "version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "3f1c6a0e-0000-4000-8000-000000000001",
  "outputs": {}, "resources": [{
    "mode": "managed", "type": "tencentcloud_tke_image_cache", "name": "x",
    "provider": "provider[\"registry.terraform.io/tencentcloudstack/tencentcloud\"]",
    "instances": [{"schema_version": 0, "attributes": {"id": "ID", "images": ["app:v1"]}, "sensitive_attributes": []}]
  }]
}`

const bothProviders = `
terraform {
  required_providers {
    tkeimage     = { source = "registry.terraform.io/tkeimage/tkeimage" }
    tencentcloud = { source = "registry.terraform.io/tencentcloudstack/tencentcloud" }
  }
}
`

var (
	anyPlan  = []string{"plan"}
	generate = []string{"plan", "-generate-config-out=generated.tf"}
)

func inMain(text string) map[string]string { return map[string]string{"main.tf": text} }

func importBlock(argument string) map[string]string {
	return inMain("import {\n  to       = tkeimage_cache.x\n  provider = tkeimage\n  " + argument + "\n}\n")
}

var features = []feature{
	{
		"resources, data sources", "资源和数据源", "1.8, 1.7",
		inMain(fmt.Sprintf(aCache, "") + `data "tkeimage_caches" "x" {}`), anyPlan,
	},
	{
		"functions", "函数", "1.8, 1.7",
		inMain(`output "x" { value = provider::tkeimage::root_disk_size_gib(1, null, null) }`), anyPlan,
	},
	{
		"write-only passwords", "write-only 密码", "1.11, 1.11",
		inMain(fmt.Sprintf(aCache, `registry_credentials = { "docker.io" = { username = "u", password_wo = "p" } }`)),
		anyPlan,
	},
	{
		"ephemeral `tkeimage_tcr_token`", "ephemeral `tkeimage_tcr_token`", "1.10, 1.11",
		inMain(`ephemeral "tkeimage_tcr_token" "x" { registry_id = "tcr-ak9876" }`), []string{"validate"},
	},
	{
		"import by id, with a generated configuration", "按 id 导入并生成配置", "1.8, 1.7",
		importBlock(`id = "ID"`), generate,
	},
	{
		"import by identity, with a generated configuration", "按 identity 导入并生成配置", "1.12, 1.12",
		importBlock(`identity = { id = "ID" }`), generate,
	},
	{
		"`moved` from Cloud App's resource", "从 Cloud App 的资源 `moved`", "1.8, 1.10",
		map[string]string{"terraform.tfstate": otherCache, "main.tf": fmt.Sprintf(aCache, "") +
			"moved {\n  from = tencentcloud_tke_image_cache.x\n  to   = tkeimage_cache.x\n}\n"}, anyPlan,
	},
	{
		"`terraform test` with mocks", "使用 mock 的 `terraform test`", "1.8, 1.8",
		map[string]string{"main.tf": fmt.Sprintf(aCache, ""), "x.tftest.hcl": `
mock_provider "tkeimage" {}

run "mocked" {
  assert {
    condition     = tkeimage_cache.x.id != ""
    error_message = "no id"
  }
}
`}, []string{"test"},
	},
	{
		"`terraform query`", "`terraform query`", "1.14, none",
		map[string]string{"x.tfquery.hcl": "list \"tkeimage_cache\" \"x\" {\n  provider = tkeimage\n}\n"},
		[]string{"query"},
	},
	{
		"the action `tkeimage_cache_rebuild`", "action `tkeimage_cache_rebuild`", "1.14, none",
		inMain("action \"tkeimage_cache_rebuild\" \"x\" {\n  config {\n    id = \"ID\"\n  }\n}\n"),
		[]string{"apply", "-auto-approve", "-invoke=action.tkeimage_cache_rebuild.x"},
	},
	{
		"deferred changes", "推迟变更（deferred changes）", "experimental builds, none",
		inMain(fmt.Sprintf(aCache, "")), []string{"plan", "-allow-deferral"},
	},
}

// A readme is a README with the table, and the words that are its language's.
type readme struct {
	file, from, older string
	title             func(feature) string
	words             map[string]string // of a cell, by what was seen
	translate         *strings.Replacer // of the versions that a feature needs
}

const (
	works, refused, notRun = "yes", "no", "not run"
	beginOfMatrix          = "<!-- matrix: a test writes this -->\n"
	endOfMatrix            = "<!-- end of the matrix -->\n"
)

var readmes = []readme{
	{
		"README.md", "from Terraform, OpenTofu", "older", func(f feature) string { return f.title },
		map[string]string{works: works, refused: refused, notRun: notRun},
		strings.NewReplacer(),
	},
	{
		"README.zh-CN.md", "最低版本：Terraform、OpenTofu", "更早的版本", func(f feature) string { return f.chinese },
		map[string]string{works: "是", refused: "否", notRun: "未运行"},
		strings.NewReplacer("none", "无", "experimental builds", "实验性构建", ", ", "、"),
	},
}

// A column is what one CLI does with each feature.
type column struct {
	cli   string // such as "Terraform 1.16.0"
	cells []string
}

// table returns the lines of the README's table.
func (r readme) table(columns []column) []string {
	header := fmt.Sprintf("| | %s |", r.from)
	for _, c := range columns {
		header += " " + c.cli + " |"
	}
	lines := []string{header + " " + r.older + " |", "|---|---|" + strings.Repeat("---|", len(columns)+1)}
	for i, f := range features {
		line := fmt.Sprintf("| %s | %s |", r.title(f), r.translate.Replace(f.from))
		for _, c := range columns {
			line += " " + r.words[c.cells[i]] + " |"
		}
		lines = append(lines, line+" "+r.words[notRun]+" |")
	}
	return lines
}

// TestTheMatrixIsWhatTheCLIsDo runs each feature with the CLI under test and compares the READMEs'
// tables; with TKEIMAGE_WRITE_MATRIX=1 it runs all CLIs that are there, and writes the tables.
func TestTheMatrixIsWhatTheCLIsDo(t *testing.T) {
	t.Parallel()
	clis := []string{acctest.CLI(t)}
	writes := os.Getenv("TKEIMAGE_WRITE_MATRIX") != ""
	if writes {
		clis = append(clis, acctest.OtherCLIs(t)...)
	}
	columns := make([]column, 0, len(clis))
	for _, cli := range clis {
		columns = append(columns, runFeatures(t, cli))
	}
	slices.SortFunc(columns, func(a, b column) int { // Terraform first
		return strings.Compare(strings.TrimPrefix(a.cli, "Terraform"), strings.TrimPrefix(b.cli, "Terraform"))
	})
	for _, r := range readmes {
		text := string(readFile(t, r.file))
		head, rest, found := strings.Cut(text, beginOfMatrix)
		table, tail, closed := strings.Cut(rest, endOfMatrix)
		switch {
		case !found || !closed:
			t.Errorf("%s has no table of CLIs", r.file)
		case writes:
			lines := strings.Join(r.table(columns), "\n")
			write(t, filepath.Join(root, r.file), head+beginOfMatrix+lines+"\n"+endOfMatrix+tail)
		default:
			checkColumn(t, r, strings.Split(strings.TrimSpace(table), "\n"), columns[0])
		}
	}
}

// checkColumn compares one CLI's column of a README's table, and what is not a CLI's.
func checkColumn(t *testing.T, r readme, table []string, seen column) {
	t.Helper()
	want := r.table([]column{seen})
	if len(table) != len(want) {
		t.Errorf("%s: the table has %d lines, and %d are due", r.file, len(table), len(want))
		return
	}
	header := splitRow(table[0])
	at := slices.Index(header, seen.cli)
	if at < 0 {
		t.Skipf("%s: the table has no column for %s", r.file, seen.cli)
	}
	for i, line := range table {
		if i == 1 {
			continue // what separates the header
		}
		row, due := splitRow(line), splitRow(want[i])
		if got := []string{row[0], row[1], row[at], row[len(row)-1]}; !slices.Equal(got, due) {
			t.Errorf("%s: the table says %q, and it is %q", r.file, got, due)
		}
	}
}

// splitRow returns the cells of a table's row.
func splitRow(line string) []string {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// runFeatures returns what a CLI does with each feature.
func runFeatures(t *testing.T, cli string) column {
	t.Helper()
	cloud := acctest.Cloud(t, tketest.Options{})
	// In a move the CLI asks the other provider nothing, so its binary is ours.
	other := tfcli.Plugin{
		Source: "tencentcloudstack/tencentcloud", Version: "1.82.0", Binary: acctest.ProviderBinary(t),
	}
	var seen column
	for _, f := range features {
		id := cloud.Put(tketest.Cache{Images: []string{"app:v1"}}).ID
		w := acctest.NewWorkspace(t, t.TempDir(), []tfcli.Plugin{other},
			"TENCENTCLOUD_SECRET_ID="+tketest.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY="+tketest.DefaultSecretKey,
			"TKEIMAGE_ENDPOINT_TKE="+cloud.URL, "TKEIMAGE_MEASUREMENT_CACHE_DIR=",
		).Using(cli)
		write(t, filepath.Join(w.Folder, "versions.tf"), bothProviders)
		for file, text := range f.files {
			write(t, filepath.Join(w.Folder, file), strings.ReplaceAll(text, "ID", id))
		}
		seen.cells = append(seen.cells, f.run(t, w))
		if seen.cli == "" {
			text, err := w.Command(t, "version").Output()
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			seen.cli = strings.Replace(first, " v", " ", 1)
		}
	}
	return seen
}

// run returns whether the CLI runs the feature's command.
func (f feature) run(t *testing.T, w *acctest.Workspace) string {
	t.Helper()
	for _, command := range [][]string{{"init"}, f.command} {
		if code, output := w.Try(t, command...); code != 0 {
			t.Logf("%s: %s", f.title, output)
			return refused
		}
	}
	return works
}
