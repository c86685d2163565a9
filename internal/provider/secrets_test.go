package provider_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// The secrets of this test. They are looked for in everything that a run writes.
const (
	canarySecretKey = "CANARY-secret-key"
	canaryToken     = "CANARY-security-token"
	canaryPassword  = "CANARY-builder-password"
	canaryRegistry  = "CANARY-registry-password"
	canary          = "CANARY"
)

// TestNoSecretIsWrittenAnywhere runs the built provider as users do, with logs at TRACE: plan file,
// apply, an update, errors of the API and of a registry, destroy. No secret may stand in the state,
// a plan file, a log or what is printed.
func TestNoSecretIsWrittenAnywhere(t *testing.T) {
	t.Parallel()
	cli := acctest.CLI(t)
	cloud := acctest.Cloud(
		t,
		tketest.Options{
			Credentials: []tketest.Credential{
				{SecretID: "AKIDexample", SecretKey: canarySecretKey, Token: canaryToken},
			},
		},
	)
	private := registrytest.Start(t, registrytest.Options{Username: "u", Password: canaryRegistry})
	image := pushRandom(t, private.Host+"/private:v1", &authn.Basic{Username: "u", Password: canaryRegistry})

	folder := t.TempDir()
	s := &secretRun{cli: cli, folder: folder, env: tfcli.Environment(
		acctest.Mirror(t, acctest.ProviderBinary(t)), "TENCENTCLOUD_SECRET_ID=AKIDexample",
		"TENCENTCLOUD_SECRET_KEY="+canarySecretKey, "TENCENTCLOUD_SECURITY_TOKEN="+canaryToken,
		"TKEIMAGE_ENDPOINT_TKE="+cloud.URL, "TKEIMAGE_MEASUREMENT_CACHE_DIR="+filepath.Join(folder, "measurements"),
		"TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(folder, "trace.log"),
		"TF_VAR_registry_password="+canaryRegistry, "TF_VAR_builder_password="+canaryPassword,
	)}

	s.write(t, image, private.Host, 20)
	s.must(t, "init")
	s.must(t, "plan", "-out=first.tfplan")
	s.must(t, "apply", "first.tfplan")
	s.write(t, image, private.Host, 50)
	s.must(t, "apply", "-auto-approve")
	if caches := cloud.Caches(); len(caches) != 1 || len(caches[0].Credentials) != 1 ||
		caches[0].Credentials[0].Password != canaryPassword {
		t.Fatal("the builder's password never reached the service: this test would find nothing")
	}
	cloud.Inject(
		tketest.Fault{
			Times:  tketest.Always,
			Effect: tketest.ErrorBefore{Code: "InvalidParameter", Message: "something is wrong"},
		},
	)
	s.mustFail(t, "plan")
	cloud.ClearFaults()
	s.write(t, private.Host+"/nothing:v1", private.Host, 50)
	s.mustFail(t, "plan")
	s.write(t, image, private.Host, 50)
	s.mustFailAtSTS(t)
	s.must(t, "destroy", "-auto-approve")
	s.search(t)
}

func pushRandom(t *testing.T, reference string, auth authn.Authenticator, more ...remote.Option) string {
	t.Helper()
	layer, err := random.Layer(1000, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	image, err := imagetest.Build("amd64", layer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := imagetest.Push(t.Context(), reference, image, append(more, remote.WithAuth(auth))...); err != nil {
		t.Fatal(err)
	}
	return reference
}

type secretRun struct {
	cli, folder string
	env         []string
	printed     bytes.Buffer
}

func (s *secretRun) write(t *testing.T, image, host string, size int) {
	t.Helper()
	text := fmt.Sprintf(`
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
variable "registry_password" {
  type      = string
  sensitive = true
  ephemeral = true
}
variable "builder_password" {
  type      = string
  sensitive = true
  ephemeral = true
}
provider "tkeimage" {
  registries = { %[1]q = { username = "u", password = var.registry_password } }
}
data "tkeimage_root_disk_size" "x" {
  images  = [%[2]q]
  measure = "manifest"
}
resource "tkeimage_cache" "x" {
  images    = [%[2]q]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  size_gib  = %[3]d
  registry_credentials = {
    %[1]q = { username = "u", password_wo = var.builder_password, password_wo_version = %[3]d }
  }
}
`, host, image, size)
	if err := os.WriteFile(filepath.Join(s.folder, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *secretRun) run(t *testing.T, arguments ...string) error {
	t.Helper()
	command := exec.CommandContext(t.Context(), s.cli, append(arguments, "-no-color")...)
	command.Dir, command.Env = s.folder, s.env
	command.Stdout, command.Stderr = &s.printed, &s.printed
	return command.Run()
}

func (s *secretRun) must(t *testing.T, arguments ...string) {
	t.Helper()
	if err := s.run(t, arguments...); err != nil {
		t.Fatalf("%v: %v\n%s", arguments, err, s.printed.String())
	}
}

func (s *secretRun) mustFail(t *testing.T, arguments ...string) {
	t.Helper()
	if err := s.run(t, arguments...); err == nil {
		t.Fatalf("%v did not fail", arguments)
	}
}

// mustFailAtSTS plans with a role whose session comes with a status that hides it. The status is
// one that is not tried again.
func (s *secretRun) mustFailAtSTS(t *testing.T) {
	t.Helper()
	sts := apitest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(
			w, `{"Response":{"Credentials":{"Token":%q,"TmpSecretId":"AKIDrole","TmpSecretKey":%q},"Expire`,
			canaryToken, canarySecretKey,
		)
	}))
	before := s.env
	s.env = append(slices.Clip(before), "TKEIMAGE_ENDPOINT_STS="+sts,
		"TENCENTCLOUD_ASSUME_ROLE_ARN=qcs::cam::uin/1:roleName/x", "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME=tf")
	s.mustFail(t, "plan")
	s.env = before
	if !strings.Contains(s.printed.String(), "bytes of JSON") {
		t.Errorf("the answer of STS is not told of:\n%s", s.printed.String())
	}
}

// search looks for secrets in all that the run wrote.
func (s *secretRun) search(t *testing.T) {
	t.Helper()
	searchForCanaries(
		t, s.folder, s.printed.String(), "terraform.tfstate", "terraform.tfstate.backup", "first.tfplan",
		"trace.log",
	)
}

// searchForCanaries looks into every file below the folder: state and its backup, the plan file (a
// zip, so its parts too), the log, kept measurements. And into what was printed. The files that are
// named must be there.
func searchForCanaries(t *testing.T, folder, printed string, files ...string) {
	t.Helper()
	if acctest.FindSecret(printed, canary) >= 0 {
		t.Errorf("printed:\n%s", around(printed))
	}
	looked := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked[filepath.Base(path)] = true
		for _, text := range append(unzipped(content), string(content)) {
			if acctest.FindSecret(text, canary) >= 0 {
				t.Errorf("%s holds %s", path, around(text))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if !looked[name] {
			t.Errorf("%s was not there to be looked into", name)
		}
	}
}

func around(text string) string {
	at := acctest.FindSecret(text, canary)
	return text[max(0, at-200):min(len(text), at+100)]
}
