package provider_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials/ststest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// The accounts, keys and roles of these tests. Each source of credentials has one of its own, by
// which the service knows it.
const (
	account  = "100000000001"
	roleARN  = "qcs::cam::uin/" + account + ":roleName/"
	samlIDP  = "qcs::cam::uin/" + account + ":saml-provider/corp"
	external = "qcs::cam::uin/100000000002:roleName/external"
)

// world is the cloud that the chains of credentials run against: STS, the metadata service of a
// CVM, and the image caches, which take live sessions only. It listens on loopback; its proxy
// stands for the public endpoints.
type world struct {
	*cli
	cloud *tketest.Server
	sts   *ststest.Server
	meta  *ststest.Metadata
	files string // a folder with profile files and tokens
}

func newWorld(t *testing.T) *world {
	t.Helper()
	acctest.CLI(t)
	w := &world{files: t.TempDir()}
	w.sts = ststest.New(stsOptions())
	w.meta = &ststest.Metadata{STS: w.sts, Role: "machine", ARN: roleARN + "machine"}
	w.cloud = acctest.Cloud(
		t, tketest.Options{Sessions: w.sts.Lookup, Credentials: []tketest.Credential{{SecretID: "unknown"}}},
	)
	public := apitest.Start(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.Host {
		case "sts.tencentcloudapi.com", "sts.example.internal":
			w.sts.ServeHTTP(rw, r)
		case "tke.example.internal":
			w.cloud.ServeHTTP(rw, r)
		default:
			http.Error(rw, "no such host", http.StatusBadGateway)
		}
	}))
	env := []string{
		"TKEIMAGE_ENDPOINT_TKE=" + w.cloud.URL,
		"TKEIMAGE_ENDPOINT_STS=" + apitest.Start(t, w.sts),
		"TKEIMAGE_ENDPOINT_METADATA=" + apitest.Start(t, w.meta),
		"TKEIMAGE_MEASUREMENT_CACHE_DIR=",
		"HTTP_PROXY=" + public,
		"HOME=" + w.files,
	}
	folder := t.TempDir()
	w.cli = cliIn(t, folder, env...)
	w.profiles(t)
	return w
}

func stsOptions() ststest.Options {
	key := func(name string) apitest.Credential {
		return apitest.Credential{SecretID: "AKID" + name, SecretKey: "CANARY-" + name}
	}
	temporary := key("temporary")
	temporary.Token = "CANARY-token"
	roles := map[string]ststest.Role{
		external: {Principals: []string{roleARN + "machine", roleARN + "pod"}, ExternalID: "ext"},
	}
	for _, name := range []string{"machine", "pod", "block", "environment", "profile", "saml", "web", "webfile"} {
		roles[roleARN+name] = ststest.Role{
			Principals:    []string{account},
			SAMLProvider:  samlIDP,
			SAMLAssertion: "CANARY-assertion",
			OIDCProvider:  "corp-oidc",
			OIDCTokens:    []string{"CANARY-web-token", "CANARY-file-token"},
		}
	}
	return ststest.Options{
		Keys: map[string][]apitest.Credential{
			account: {key("static"), key("guarded"), key("profile"), key("home"), key("domain"), temporary},
		},
		Roles: roles,
	}
}

// profiles writes what `tccli configure` writes, and tokens as their issuers do.
func (w *world) profiles(t *testing.T) {
	t.Helper()
	for name, content := range map[string]string{
		".tccli/default.credential": `{"secretId": "AKIDhome", "secretKey": "CANARY-home"}`,
		"creds/prod.credential":     `{"secretId": "AKIDprofile", "secretKey": "CANARY-profile"}`,
		"creds/prod.configure":      `{"_sys_param": {"region": "ap-shanghai", "output": "json"}}`,
		"creds/with-role.credential": fmt.Sprintf(
			`{"secretId": "AKIDprofile", "secretKey": "CANARY-profile", "role-arn": %q, "role-session-name": "tf"}`,
			roleARN+"profile",
		),
		"token":      "CANARY-file-token\n",
		"token.json": `{"web_identity_token": "CANARY-file-token"}`,
	} {
		file := filepath.Join(w.files, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// plan reads caches with provider configurations, each by a name of its own, and returns what
// Terraform printed.
func (w *world) plan(t *testing.T, providers, env map[string]string) (int, string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("terraform {\n  required_providers {\n    tkeimage = { source = \"tkeimage/tkeimage\" }\n  }\n}\n")
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		fmt.Fprintf(
			&b, "provider \"tkeimage\" {\n  alias = %q\n%s\n}\n", name,
			strings.ReplaceAll(providers[name], "FILES", w.files),
		)
		fmt.Fprintf(&b, "data \"tkeimage_caches\" %q {\n  provider = tkeimage.%s\n}\n", name, name)
	}
	if err := os.WriteFile(filepath.Join(w.folder, "main.tf"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(w.folder, ".terraform")); err != nil {
		w.must(t, "init")
	}
	command := w.command(t, "plan", "-input=false")
	for name, value := range env {
		command.Env = append(command.Env, name+"="+strings.ReplaceAll(value, "FILES", w.files))
	}
	output, err := command.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatal(err)
	}
	if acctest.FindSecret(string(output), canary) >= 0 {
		t.Errorf("printed:\n%s", around(string(output)))
	}
	return command.ProcessState.ExitCode(), string(output)
}

// who are those that the service of image caches was asked by: roles by their names, and keys by
// theirs.
func (w *world) who() []string {
	seen := map[string]bool{}
	for _, request := range w.cloud.Requests() {
		name := request.SecretID
		if role := w.sts.RoleOf(request.SecretID); role != "" {
			name = role[strings.LastIndex(role, "/")+1:]
		}
		seen[name+" in "+request.Region] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func (w *world) mustPlan(t *testing.T, providers, env map[string]string, want ...string) {
	t.Helper()
	w.cloud.ResetRequests()
	if code, output := w.plan(t, providers, env); code != 0 {
		t.Fatalf("exit code %d\n%s", code, output)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, w.who()); diff != "" {
		t.Errorf("the service was asked by others: %s", diff)
	}
}

// TestEveryArgumentOfTheOfficialProviderIsTaken has a provider configuration for each line of the
// conventions, written as the official provider's documentation writes it, all in one plan.
func TestEveryArgumentOfTheOfficialProviderIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	static := "secret_id = \"AKIDstatic\"\n  secret_key = \"CANARY-static\"\n"
	assertion := base64.StdEncoding.EncodeToString([]byte("CANARY-assertion"))
	w.mustPlan(
		t,
		map[string]string{
			"keys": static + `region = "ap-beijing"`,
			"temporary": `secret_id = "AKIDtemporary"` + "\n" + `secret_key = "CANARY-temporary"` + "\n" +
				`security_token = "CANARY-token"`,
			"public": `secret_id = "AKIDdomain"` + "\n" + `secret_key = "CANARY-domain"` + "\n" +
				`protocol = "HTTP"` + "\n" + `domain = "example.internal"` + "\n" +
				`endpoints = { tke = "http://tke.example.internal" }`,
			"profile":      `shared_credentials_dir = "~/creds"` + "\n" + `profile = "prod"`,
			"profile_role": `shared_credentials_dir = "FILES/creds"` + "\n" + `profile = "with-role"`,
			"home":         `region = "ap-singapore"`,
			"cvm":          `cam_role_name = "machine"`,
			"pod":          `enable_pod_oidc = true`,
			"allowed": `allowed_account_ids = ["100000000001"]` + "\n" + `secret_id = "AKIDguarded"` + "\n" +
				`secret_key = "CANARY-guarded"`,
			"forbidden": `forbidden_account_ids = ["100000000002"]` + "\n" + `secret_id = "AKIDguarded"` + "\n" +
				`secret_key = "CANARY-guarded"`,
			"role": static + fmt.Sprintf(`
  assume_role {
    role_arn         = %q
    session_name     = "tf"
    session_duration = 3600
    tags             = { team = "ml", stage = "ci" }
    policy           = "{\"version\":\"2.0\",\"statement\":[{\"effect\":\"allow\",\"action\":[\"tke:*\"],\"resource\":[\"*\"]}]}"
  }`, roleARN+"block"),
			"chained": `cam_role_name = "machine"` + fmt.Sprintf(`
  assume_role {
    role_arn         = %q
    session_name     = "tf"
    session_duration = 7200
    external_id      = "ext"
    source_identity  = "100000000001"
  }`, external),
			"saml": fmt.Sprintf(`
  assume_role_with_saml {
    role_arn         = %q
    session_name     = "tf"
    session_duration = 3600
    saml_assertion   = %q
    principal_arn    = %q
  }`, roleARN+"saml", assertion, samlIDP),
			"web": fmt.Sprintf(`
  assume_role_with_web_identity {
    provider_id        = "corp-oidc"
    role_arn           = %q
    session_name       = "tf"
    session_duration   = 3600
    web_identity_token = "CANARY-web-token"
  }`, roleARN+"web"),
			"webfile": fmt.Sprintf(`
  assume_role_with_web_identity {
    provider_id             = "corp-oidc"
    role_arn                = %q
    session_name            = "tf"
    session_duration        = 3600
    web_identity_token_file = "FILES/token.json"
  }`, roleARN+"webfile"),
		},
		podEnvironment, "AKIDstatic in ap-beijing", "AKIDtemporary in ap-guangzhou", "AKIDdomain in ap-guangzhou",
		"AKIDprofile in ap-shanghai", "profile in ap-guangzhou", "AKIDhome in ap-singapore",
		"machine in ap-guangzhou", "pod in ap-guangzhou", "AKIDguarded in ap-guangzhou", "block in ap-guangzhou",
		"external in ap-guangzhou", "saml in ap-guangzhou", "web in ap-guangzhou", "webfile in ap-guangzhou",
	)
	tagged := slices.IndexFunc(w.sts.Granted(), func(asked ststest.SessionRequest) bool {
		return asked.RoleARN == roleARN+"block" && asked.Tags == "stage=ci, team=ml"
	})
	if tagged < 0 {
		t.Errorf("no session has the tags: %+v", w.sts.Granted())
	}
	if calls := w.sts.Calls(ststest.GetCallerIdentity); calls != 2 {
		t.Errorf("STS was asked %d times whose the credentials are, want once for each list", calls)
	}
}

// podEnvironment is what TKE's webhook sets in a Pod.
var podEnvironment = map[string]string{
	"TKE_REGION":                  "ap-nanjing",
	"TKE_PROVIDER_ID":             "corp-oidc",
	"TKE_WEB_IDENTITY_TOKEN_FILE": "FILES/token",
	"TKE_ROLE_ARN":                roleARN + "pod",
}

// TestEveryVariableOfTheOfficialProviderIsTaken has a plan for each set of environment variables,
// with an empty provider block.
func TestEveryVariableOfTheOfficialProviderIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	static := map[string]string{"TENCENTCLOUD_SECRET_ID": "AKIDstatic", "TENCENTCLOUD_SECRET_KEY": "CANARY-static"}
	role := map[string]string{
		"TENCENTCLOUD_ASSUME_ROLE_ARN":              roleARN + "environment",
		"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME":     "tf",
		"TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "1800",
	}
	assertion := base64.StdEncoding.EncodeToString([]byte("CANARY-assertion"))
	for name, test := range map[string]struct {
		env  []map[string]string
		want string
	}{
		"keys and region": {
			[]map[string]string{
				static, {"TENCENTCLOUD_REGION": "ap-beijing", "TENCENTCLOUD_API_REQUEST_CLIENT": "pipeline-7"},
			},
			"AKIDstatic in ap-beijing",
		},
		"a token": {
			[]map[string]string{{
				"TENCENTCLOUD_SECRET_ID":      "AKIDtemporary",
				"TENCENTCLOUD_SECRET_KEY":     "CANARY-temporary",
				"TENCENTCLOUD_SECURITY_TOKEN": "CANARY-token",
			}},
			"AKIDtemporary in ap-guangzhou",
		},
		"tccli's token": {
			[]map[string]string{{
				"TENCENTCLOUD_SECRET_ID":  "AKIDtemporary",
				"TENCENTCLOUD_SECRET_KEY": "CANARY-temporary",
				"TENCENTCLOUD_TOKEN":      "CANARY-token",
			}},
			"AKIDtemporary in ap-guangzhou",
		},
		"protocol and domain": {
			[]map[string]string{
				static, role,
				{
					"TENCENTCLOUD_PROTOCOL": "HTTP",
					"TENCENTCLOUD_DOMAIN":   "example.internal",
					"TKEIMAGE_ENDPOINT_TKE": "",
					"TKEIMAGE_ENDPOINT_STS": "",
				},
			},
			"environment in ap-guangzhou",
		},
		"a profile": {
			[]map[string]string{{"TENCENTCLOUD_SHARED_CREDENTIALS_DIR": "FILES/creds", "TENCENTCLOUD_PROFILE": "prod"}},
			"AKIDprofile in ap-shanghai",
		},
		"no variable":  {nil, "AKIDhome in ap-guangzhou"},
		"a CVM's role": {[]map[string]string{{"TENCENTCLOUD_CAM_ROLE_NAME": "machine"}}, "machine in ap-guangzhou"},
		"a role":       {[]map[string]string{static, role}, "environment in ap-guangzhou"},
		"an external id": {
			[]map[string]string{{
				"TENCENTCLOUD_CAM_ROLE_NAME":            "machine",
				"TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID":  "ext",
				"TENCENTCLOUD_ASSUME_ROLE_ARN":          external,
				"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "tf",
			}},
			"external in ap-guangzhou",
		},
		"SAML": {
			[]map[string]string{
				role,
				{
					"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": assertion,
					"TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN":  samlIDP,
				},
			},
			"environment in ap-guangzhou",
		},
		"a web identity": {
			[]map[string]string{
				role,
				{
					"TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID":        "corp-oidc",
					"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN": "CANARY-web-token",
				},
			},
			"environment in ap-guangzhou",
		},
		"its file": {
			[]map[string]string{
				role,
				{
					"TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID":             "corp-oidc",
					"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE": "FILES/token",
				},
			},
			"environment in ap-guangzhou",
		},
	} {
		env := map[string]string{}
		for _, part := range test.env {
			maps.Copy(env, part)
		}
		t.Log(name)
		w.mustPlan(t, map[string]string{"x": ""}, env, test.want)
		client := w.cloud.Requests()[0].Header.Get("X-TC-RequestClient")
		if strings.HasSuffix(client, "pipeline-7") != (env["TENCENTCLOUD_API_REQUEST_CLIENT"] != "") {
			t.Errorf("%s: X-TC-RequestClient is %q", name, client)
		}
	}
	for _, asked := range w.sts.Granted() {
		if asked.Duration != 1800 && asked.RoleARN != external {
			t.Errorf("a session was asked for %d seconds", asked.Duration)
		}
	}
}
