package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials/ststest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestSessionsAreRenewedInTheMiddleOfAWait builds a cache for longer than a session lives. The
// service takes live sessions only, so one that was not renewed in time would end the wait.
func TestSessionsAreRenewedInTheMiddleOfAWait(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"a role assumed with the CVM's", "web identity"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			acctest.CLI(t)
			options := stsOptions()
			options.Lifetime = 2 * time.Second
			sts := ststest.New(options)
			meta := &ststest.Metadata{STS: sts, Role: "machine", ARN: roleARN + "machine"}
			cloud := acctest.Cloud(
				t,
				tketest.Options{
					Sessions:    sts.Lookup,
					Credentials: []tketest.Credential{{SecretID: "unknown"}},
					Pace:        time.Second,
				},
			)
			block := `cam_role_name = "machine"` + fmt.Sprintf(
				"\n  assume_role {\n    role_arn = %q\n    session_name = \"tf\"\n    external_id = \"ext\"\n  }",
				external,
			)
			if kind == "web identity" {
				block = fmt.Sprintf(
					"  assume_role_with_web_identity {\n    provider_id = \"corp-oidc\"\n    role_arn = %q\n    "+
						"session_name = \"tf\"\n    web_identity_token = \"CANARY-web-token\"\n  }",
					roleARN+"web",
				)
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.ProvidersIn(map[string]string{
					"TKEIMAGE_ENDPOINT_TKE":          cloud.URL,
					"TKEIMAGE_ENDPOINT_STS":          apitest.Start(t, sts),
					"TKEIMAGE_ENDPOINT_METADATA":     apitest.Start(t, meta),
					"TKEIMAGE_MEASUREMENT_CACHE_DIR": "",
				}),
				Steps: []resource.TestStep{
					{
						Config: fmt.Sprintf(`
provider "tkeimage" {
  %s
}
resource "tkeimage_cache" "x" {
  images    = ["app:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
}
`, block),
						ConfigStateChecks: []statecheck.StateCheck{
							statecheck.ExpectKnownValue(
								"tkeimage_cache.x", tfjsonpath.New("status"), knownvalue.StringExact("Ready"),
							),
						},
						ConfigPlanChecks: resource.ConfigPlanChecks{
							PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
						},
					},
				},
			})
			if sessions := sessionsOfTheWait(t, cloud); sessions < 2 {
				t.Errorf("the wait went through %d sessions: none expired, so nothing was tested", sessions)
			}
		})
	}
}

// sessionsOfTheWait counts those that asked between the creation and the first look after which the
// cache was Ready.
func sessionsOfTheWait(t *testing.T, cloud *tketest.Server) int {
	t.Helper()
	seen := map[string]bool{}
	waiting := false
	for _, request := range cloud.Requests() {
		if request.Code != "" {
			t.Errorf("%s was answered %s", request.Action, request.Code)
		}
		waiting = waiting && request.Action != tke.ActionDelete || request.Action == tke.ActionCreate
		if waiting {
			seen[request.SecretID] = true
		}
	}
	return len(seen)
}

// TestCredentialsThatCannotBeObtainedSayWhy has a provider block for each way to fail, and what a
// user reads.
func TestCredentialsThatCannotBeObtainedSayWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	static := "secret_id = \"AKIDstatic\"\n  secret_key = \"CANARY-static\"\n"
	assume := func(arn string) string {
		return fmt.Sprintf("  assume_role {\n    role_arn     = %q\n    session_name = \"tf\"\n  }", arn)
	}
	for name, test := range map[string]struct {
		block string
		env   map[string]string
		says  []string
	}{
		"an unknown role": {block: static + assume(roleARN+"missing"), says: []string{
			"the role " + roleARN + "missing (the block assume_role)", "The STS API answered AssumeRole with " +
				"ResourceNotFound.RoleNotFound", "Request id: sts-", "check the spelling of role_arn"}},
		"a role that trusts others": {block: static + assume(external), says: []string{"using the credentials from " +
			"the provider argument secret_id", "UnauthorizedOperation", "sts:AssumeRole"}},
		"a wrong key": {
			block: "secret_id = \"AKIDstatic\"\n  secret_key = \"CANARY-wrong\"\n" + assume(roleARN+"block"),
			says: []string{
				"AuthFailure.SignatureFailure", "using the credentials from the provider argument secret_id, the " +
					"provider argument secret_key"},
		},
		"another account": {block: static + `allowed_account_ids = ["100000000002"]`, says: []string{
			"belong to account 100000000001; allowed_account_ids has only 100000000002", "The credentials came " +
				"from the provider argument secret_id"}},
		"a CVM without the role": {block: `cam_role_name = "other"`, says: []string{
			"the role other of this CVM (the provider argument cam_role_name)", "knows no role \"other\" (HTTP 404)",
			"must be bound to the CVM"}},
		"no Pod": {block: `enable_pod_oidc = true`, says: []string{"The provider has enable_pod_oidc, " +
			"but the environment has no TKE_REGION, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE, TKE_ROLE_ARN"}},
		"nothing": {
			env: map[string]string{"HOME": "/nonexistent"},
			says: []string{
				"No cloud credentials were found", "/nonexistent/.tccli/default.credential, which does not exist",
				"cam_role_name",
			},
		},
		"nothing for a role": {
			block: assume(roleARN + "block"),
			env:   map[string]string{"HOME": "/nonexistent"},
			says: []string{
				"No credentials were found to assume the role " + roleARN + "block (the block assume_role) with",
			},
		},
		"half a pair": {
			block: `secret_id = "AKIDstatic"`,
			says:  []string{"Credentials are incomplete", "TENCENTCLOUD_SECRET_KEY"},
		},
		"half a pair of the environment": {
			env:  map[string]string{"TENCENTCLOUD_SECRET_ID": "AKIDstatic"},
			says: []string{"secret_id is set by the environment variable TENCENTCLOUD_SECRET_ID", "secret_key is not"},
		},
		"half a role": {
			block: static + "  assume_role {\n    role_arn = \"qcs::cam::uin/1:roleName/x\"\n  }",
			says:  []string{"assume_role has no session_name", "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"},
		},
		"a role's name": {
			block: static + assume("deployer"),
			says:  []string{"write the ARN of a role, such as qcs::cam::uin/100000000001:roleName/deployer"},
		},
		"a session's name of one letter": {
			block: static + strings.Replace(assume(external), `"tf"`, `"t"`, 1),
			says:  []string{"write 2 to 128 letters, digits and characters of _+=,.@-"},
		},
		"a long session tag": {
			block: static + strings.Replace(
				assume(external), "}", "tags = { "+strings.Repeat("k", 129)+" = \"v\" }\n  }", 1,
			),
			says: []string{"UTF-8 character count must be between 1 and 128"},
		},
		"two blocks": {block: static + assume(roleARN+"block") + "\n" + assume(external), says: []string{"at most 1"}},
		"a half of SAML": {
			block: "  assume_role_with_saml {\n    role_arn = \"" + roleARN + "x\"\n" +
				"    session_name = \"tf\"\n    saml_assertion = \"Q0FO\"\n  }",
			says: []string{"assume_role_with_saml has no principal_arn"},
		},
	} {
		t.Log(name)
		code, output := w.plan(t, map[string]string{"x": test.block}, test.env)
		if code == 0 {
			t.Errorf("%s: the plan succeeds", name)
		}
		for _, part := range test.says {
			if !strings.Contains(unwrap(output), part) {
				t.Errorf("%s: no %q in\n%s", name, part, output)
			}
		}
	}
}

var box = regexp.MustCompile(`\s*[│╷╵]?\s+`)

// unwrap takes the lines of a box that the CLI wrapped for one.
func unwrap(output string) string { return box.ReplaceAllString(output, " ") }

// TestAClockThatIsWrongIsToldForSTSAsWell sets the clock of STS an hour back.
func TestAClockThatIsWrongIsToldForSTSAsWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := stsOptions()
	options.Clock = func() time.Time { return time.Now().Add(-time.Hour) }
	env := map[string]string{"TKEIMAGE_ENDPOINT_STS": apitest.Start(t, ststest.New(options))}
	block := "secret_id = \"AKIDstatic\"\n  secret_key = \"CANARY-static\"\n" + fmt.Sprintf(
		"  assume_role {\n    role_arn     = %q\n    session_name = \"tf\"\n  }", roleARN+"block",
	)
	_, output := w.plan(t, map[string]string{"x": block}, env)
	for _, part := range []string{"AuthFailure.SignatureExpire", "This machine's clock is ahead of the " +
		"service's by 1h0m", "using the credentials from the provider argument secret_id"} {
		if !strings.Contains(unwrap(output), part) {
			t.Errorf("no %q in\n%s", part, output)
		}
	}
}

// TestWhatNeedsNoCloudAsksForNoCredentials plans sizes with every source of credentials broken or
// out of reach.
func TestWhatNeedsNoCloudAsksForNoCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan(t, nil, nil) // for its init
	env := map[string]string{
		"TENCENTCLOUD_CAM_ROLE_NAME":          "missing",
		"TENCENTCLOUD_PROFILE":                "broken",
		"TENCENTCLOUD_SHARED_CREDENTIALS_DIR": "/nonexistent",
	}
	w.offline(t, `enable_pod_oidc = true`+"\n"+`allowed_account_ids = ["1"]`)
	command := w.command(t, "plan", "-input=false")
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
	}
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	if len(w.sts.Requests()) != 0 || w.meta.Calls() != 0 || len(w.cloud.Requests()) != 0 {
		t.Error("the cloud was asked")
	}
}
