package docstest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// A newcomer has what the README asks for, and a folder. Images that pages name are pushed to a
// registry on loopback, under the same path; the cloud, where a page needs one, is the stand-in.
type newcomer struct {
	cli, folder string
	home        string // of the newcomer who installs a build
	registry    string // host
	cloud       *tketest.Server
	env         []string
}

// imagesOfPages are those that commands of pages read.
var imagesOfPages = []string{
	"vllm/vllm-openai:v0.8.5", "registry.example.com/llm:v1", "registry.example.com/sidecar:v3",
}

func arrive(t *testing.T, plugins ...tfcli.Plugin) *newcomer {
	t.Helper()
	// The archives of a release, for scripts/release-snapshot.sh.
	if mirror := os.Getenv("TKEIMAGE_RELEASE_MIRROR"); mirror != "" {
		config := filepath.Join(t.TempDir(), "cli.tfrc")
		write(t, config, "provider_installation {\n  filesystem_mirror {\n    path = \""+mirror+"\"\n  }\n}\n")
		return arriveWith(t, config)
	}
	return arriveWith(t, acctest.Mirror(t, acctest.ProviderBinary(t), plugins...))
}

// arriveInstalled is for a newcomer who has run `make install` in a home of their own, and whose
// CLI downloads the other provider.
func arriveInstalled(t *testing.T, downloaded tfcli.Plugin) *newcomer {
	t.Helper()
	n := arriveWith(t, startProviderRegistry(t, downloaded))
	n.home = t.TempDir()
	n.env = append(n.env, "HOME="+n.home, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
	binary := acctest.ProviderBinary(t)
	script, err := filepath.Abs("../../scripts/install.sh")
	if err != nil {
		t.Fatal(err)
	}
	printed := n.runs(t, script+" "+installedVersion(t)+" "+binary)
	if !strings.Contains(printed, "terraform init -upgrade") || strings.Contains(printed, "filesystem_mirror") {
		t.Errorf("make install does not say what to do next, or too much:\n%s", printed)
	}
	return n
}

// installedVersion is the one that `make install` gives to a build.
func installedVersion(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "make", "--dry-run", "install")
	command.Dir = root
	printed, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`scripts/install\.sh "([^"]+)"`).FindSubmatch(printed)
	if found == nil {
		t.Fatalf("make install does not say which version it installs:\n%s", printed)
	}
	return string(found[1])
}

func arriveWith(t *testing.T, config string) *newcomer {
	t.Helper()
	n := &newcomer{cli: acctest.CLI(t), folder: t.TempDir()}
	n.registry = registrytest.Start(t, registrytest.Options{}).Host
	for _, name := range imagesOfPages {
		n.push(t, n.local(name))
	}
	n.cloud = acctest.Cloud(t, tketest.Options{})
	programs := t.TempDir() // pages say terraform, whichever CLI it is
	if err := os.Symlink(n.cli, filepath.Join(programs, "terraform")); err != nil {
		t.Fatal(err)
	}
	n.env = tfcli.Environment(config,
		"PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"), "TF_CLI_ARGS=-no-color",
		"DOCKER_CONFIG="+t.TempDir(),
		"TENCENTCLOUD_SECRET_ID="+tketest.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY="+tketest.DefaultSecretKey,
		"TKEIMAGE_ENDPOINT_TKE="+n.cloud.URL, "TKEIMAGE_MEASUREMENT_CACHE_DIR="+t.TempDir())
	return n
}

// local is the name under which an image of a page is there on loopback.
func (n *newcomer) local(name string) string {
	return n.registry + "/" + strings.TrimPrefix(name, "registry.example.com/")
}

func (n *newcomer) push(t *testing.T, reference string) {
	t.Helper()
	layer, err := imagetest.WriteLayer(t.Context(), t.TempDir(), 1, []imagetest.File{{
		Name: "app", Size: 1 << 20, Like: imagetest.Noise,
	}})
	if err != nil {
		t.Fatal(err)
	}
	image, err := imagetest.Build("amd64", layer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := imagetest.Push(t.Context(), reference, image); err != nil {
		t.Fatal(err)
	}
}

// writes is what the newcomer types from a page, with images that are there.
func (n *newcomer) writes(t *testing.T, text string) {
	t.Helper()
	for _, name := range imagesOfPages {
		text = strings.ReplaceAll(text, `"`+name+`"`, `"`+n.local(name)+`"`)
	}
	if version := os.Getenv("TKEIMAGE_RELEASE_VERSION"); version != "" { // a snapshot is chosen only by its name
		text = strings.ReplaceAll(
			text, `{ source = "tkeimage/tkeimage" }`, `{ source = "tkeimage/tkeimage", version = "`+version+`" }`,
		)
	}
	write(t, filepath.Join(n.folder, "main.tf"), text)
}

// runs does what a block of a page says, as a shell does, and returns what was printed.
func (n *newcomer) runs(t *testing.T, script string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	command.Dir, command.Env = n.folder, n.env
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, output)
	}
	return string(output)
}

// TestReadmeLeadsToASize does what the README says, in its order, and sees what it promises.
func TestReadmeLeadsToASize(t *testing.T) {
	t.Parallel()
	p := readPage(t, "README.md")
	n := arrive(t)
	n.writes(t, p.blocks("terraform")[0].text)
	output := n.runs(t, p.blocks("shell")[1].text)
	for _, promised := range []string{"size_gib = 20", "Layers that weigh most", "/" + imagesOfPages[0]} {
		if !strings.Contains(output, promised) {
			t.Errorf("the plan does not show %q:\n%s", promised, output)
		}
	}
	// The report that the page shows is of another image, but of the same form.
	shown := regexp.MustCompile(`(?m)^ \| (?:Image|How|Layer) .*$`).FindAllString(p.blocks("text")[1].text, -1)
	if len(shown) != 3 {
		t.Fatalf("the page shows %d headings of the report's tables: %q", len(shown), shown)
	}
	for _, heading := range shown {
		if heading := normalizeRow(heading); !strings.Contains(normalizeRow(output), heading) {
			t.Errorf(
				"the report has no heading %q any more: write what make demo prints into the page:\n%s",
				heading, output,
			)
		}
	}
}

// normalizeRow leaves out what depends on the width of columns.
func normalizeRow(text string) string { return regexp.MustCompile(` +`).ReplaceAllString(text, " ") }

// TestReadmeDoesTheWholeJob adds the README's last configuration to the first, and applies both.
func TestReadmeDoesTheWholeJob(t *testing.T) {
	t.Parallel()
	n := arrive(t)
	blocks := readPage(t, "README.md").blocks("terraform")
	n.writes(t, blocks[0].text+"\n"+blocks[2].text)
	n.runs(t, "terraform init")
	output := n.runs(t, "terraform apply -auto-approve")
	if !strings.Contains(output, `"eks.tke.cloud.tencent.com/use-image-cache" = "imc-`) {
		t.Errorf("no annotation:\n%s", output)
	}
	if output := n.runs(t, "terraform plan -detailed-exitcode"); !strings.Contains(output, "No changes.") {
		t.Errorf("the second plan is not empty:\n%s", output)
	}
	n.runs(t, "terraform destroy -auto-approve")
}

// TestPlanScriptWritesAReport runs the script that the CI workflows share.
func TestPlanScriptWritesAReport(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not here; the CI systems that the script is for have it")
	}
	n := arrive(t)
	script, err := filepath.Abs(filepath.Join(root, "examples", "ci", "plan.sh"))
	if err != nil {
		t.Fatal(err)
	}
	n.writes(t, strings.ReplaceAll(readPage(t, "README.md").blocks("terraform")[0].text, "\noutput \"size_gib\"", `
resource "tkeimage_cache" "this" {
  images    = data.tkeimage_root_disk_size.this.images
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
}

output "size_gib"`))
	n.runs(t, "terraform init") // which writes the lock file that the script wants to find
	n.runs(t, "'"+script+"'")
	report, err := os.ReadFile(filepath.Join(n.folder, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, promised := range []string{"**Disk: 20 GiB**", "- `tkeimage_cache.this`: create"} {
		if !strings.Contains(string(report), promised) {
			t.Errorf("the report does not say %q:\n%s", promised, report)
		}
	}
	// What the GitLab job does with the plan afterwards.
	_, filter, _ := strings.Cut(string(readFile(t, "examples/ci/gitlab/gitlab-ci.yml")), "jq '(")
	filter, _, _ = strings.Cut(filter, "'")
	got := strings.TrimSpace(n.runs(t, "jq -c '("+filter+"' plan.json"))
	if got != `{"create":1,"update":0,"delete":0}` {
		t.Errorf("GitLab would count %s", got)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
