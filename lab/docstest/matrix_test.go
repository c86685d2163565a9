package docstest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// A feature is a row of the README's table: a configuration, and the command that a CLI runs with it
// or refuses.
type feature struct {
	title, from, file, text string
	command                 []string
}

const aCache = `
resource "tkeimage_cache" "x" {
  images    = ["app:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  %s
}
`

var (
	plan     = []string{"plan"}
	features = []feature{
		{"resources, data sources", "1.8, 1.7", "main.tf",
			fmt.Sprintf(aCache, "") + `data "tkeimage_caches" "x" {}`, plan},
		{"functions", "1.8, 1.7", "main.tf",
			`output "x" { value = provider::tkeimage::root_disk_size_gib(1, null, null) }`, plan},
		{"write-only passwords", "1.11, 1.11", "main.tf", fmt.Sprintf(aCache,
			`registry_credentials = { "docker.io" = { username = "u", password_wo = "p" } }`), plan},
		{"ephemeral `tkeimage_tcr_token`", "1.10, 1.11", "main.tf",
			`ephemeral "tkeimage_tcr_token" "x" { registry_id = "tcr-ak9876" }`, []string{"validate"}},
		{"import by identity", "1.12, 1.12", "main.tf", `
import {
  to       = tkeimage_cache.x
  identity = { id = "ID" }
}
` + fmt.Sprintf(aCache, ""), plan},
		{"`terraform query`", "1.14, none", "x.tfquery.hcl",
			"list \"tkeimage_cache\" \"x\" {\n  provider = tkeimage\n}\n", []string{"query"}},
		{"the action `tkeimage_cache_rebuild`", "1.14, none", "main.tf",
			"action \"tkeimage_cache_rebuild\" \"x\" {\n  config {\n    id = \"ID\"\n  }\n}\n", []string{"validate"}},
	}
)

const notRun = "not run"

// TestTheMatrixIsWhatTheCLIsDo runs each feature with the CLI under test and compares the README's
// table; with TKEIMAGE_WRITE_MATRIX=1 it runs all CLIs that are there, and writes the table.
func TestTheMatrixIsWhatTheCLIsDo(t *testing.T) {
	t.Parallel()
	clis := []string{acctest.CLI(t)}
	writes := os.Getenv("TKEIMAGE_WRITE_MATRIX") != ""
	if writes {
		clis = append(clis, acctest.OtherCLIs(t)...)
	}
	const begin, end = "<!-- matrix: a test writes this -->\n", "<!-- end of the matrix -->\n"
	readme := string(readFile(t, "README.md"))
	head, rest, found := strings.Cut(readme, begin)
	table, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the README has no table of CLIs")
	}
	if !writes {
		title, results := runFeatures(t, clis[0])
		checkColumn(t, table, title, results)
		return
	}
	header, rows := "| | from Terraform, OpenTofu |", make([]string, len(features))
	for _, cli := range clis {
		title, results := runFeatures(t, cli)
		header += " " + title + " |"
		for i, result := range results {
			rows[i] += " " + result + " |"
		}
	}
	header += " older |\n|---|---|" + strings.Repeat("---|", len(clis)+1) + "\n"
	for i, feature := range features {
		header += fmt.Sprintf("| %s | %s |%s %s |\n", feature.title, feature.from, rows[i], notRun)
	}
	write(t, filepath.Join(root, "README.md"), head+begin+header+end+tail)
}

func checkColumn(t *testing.T, table, title string, results []string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if len(lines) != len(features)+2 {
		t.Fatalf("the table has %d rows, and there are %d features", len(lines)-2, len(features))
	}
	column := -1
	for i, cell := range strings.Split(lines[0], "|") {
		if strings.TrimSpace(cell) == title {
			column = i
		}
	}
	if column < 0 {
		t.Skipf("the table has no column for %s", title)
	}
	for i, result := range results {
		if cell := strings.TrimSpace(strings.Split(lines[i+2], "|")[column]); cell != result {
			t.Errorf("%s with %s: the README says %q, and it is %q", features[i].title, title, cell, result)
		}
	}
}

// runFeatures returns what a CLI does with each feature: yes, or no where it refuses.
func runFeatures(t *testing.T, cli string) (title string, results []string) {
	t.Helper()
	cloud := acctest.Cloud(t, tketest.Options{})
	id := cloud.Put(tketest.Cache{Images: []string{"app:v1"}}).ID
	for _, feature := range features {
		w := acctest.NewWorkspace(t, t.TempDir(), nil,
			"TENCENTCLOUD_SECRET_ID="+tketest.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY="+tketest.DefaultSecretKey,
			"TKEIMAGE_ENDPOINT_TKE="+cloud.URL, "TKEIMAGE_MEASUREMENT_CACHE_DIR=",
		).Using(cli)
		write(t, filepath.Join(w.Folder, "versions.tf"),
			"terraform {\n  required_providers {\n    tkeimage = { source = \"tkeimage/tkeimage\" }\n  }\n}\n")
		write(t, filepath.Join(w.Folder, feature.file), strings.ReplaceAll(feature.text, "ID", id))
		result := "yes"
		for _, command := range [][]string{{"init"}, feature.command} {
			if code, output := w.Try(t, command...); code != 0 {
				t.Logf("%s: %s", feature.title, output)
				result = "no"
				break
			}
		}
		results = append(results, result)
		if title == "" {
			text, err := w.Command(t, "version").Output()
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			title = strings.Replace(first, " v", " ", 1)
		}
	}
	return title, results
}
