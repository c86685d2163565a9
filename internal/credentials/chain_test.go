package credentials_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials/ststest"
)

const (
	account  = "100000000001"
	other    = "100000000002"
	deployer = "qcs::cam::uin/100000000001:roleName/deployer"
	target   = "qcs::cam::uin/100000000002:roleName/target"

	serviceRole = "qcs::cam::uin/100000000001:role/tencentcloudServiceRoleName/deployer"
	idp         = "qcs::cam::uin/100000000001:saml-provider/corp"
)

var keyPair = apitest.Credential{SecretID: "AKIDlong", SecretKey: "CANARY-long"}

func stsOptions() ststest.Options {
	return ststest.Options{
		Keys: map[string][]apitest.Credential{account: {keyPair}},
		Roles: map[string]ststest.Role{
			deployer: {
				ID:            "4611686018427397919",
				Principals:    []string{account},
				SAMLProvider:  idp,
				SAMLAssertion: "CANARY-assertion",
				OIDCProvider:  "OIDC",
				OIDCTokens:    []string{"CANARY-token-1", "CANARY-token-2"},
			},
			target:      {Principals: []string{deployer}, ExternalID: "ext"},
			serviceRole: {Principals: []string{account}, ID: "4611686018427397920"},
			"qcs::cam::uin/100000000001:roleName/mfa": {Principals: []string{account}, MFACode: "123456"},
		},
	}
}

func settings() credentials.Settings {
	return credentials.Settings{SecretID: keyPair.SecretID, SecretKey: keyPair.SecretKey}
}

func roleNamed(arn string) credentials.Role {
	return credentials.Role{ARN: arn, SessionName: "test", Duration: 3600}
}

// chained makes credentials of settings, with the stand-in in the place of STS.
func chained(
	t *testing.T, s *ststest.Server, settings credentials.Settings, env map[string]string,
) cloudapi.Credentials {
	t.Helper()
	resolved := resolve(t, settings, env, nil)
	made, err := resolved.Credentials(
		credentials.Services{
			STS: cloudapi.Config{Endpoint: apitest.Start(t, s), RetryWait: time.Millisecond, Tries: 2},
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// retrieved is the role that the credentials of a chain are for, as STS knows it.
func retrieved(t *testing.T, s *ststest.Server, made cloudapi.Credentials) string {
	t.Helper()
	got, err := made.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known, ok := s.Lookup(got.SecretID)
	if !ok || known.SecretKey != got.SecretKey || known.Token != got.Token {
		t.Fatal("STS gave out no such credential")
	}
	return s.RoleOf(got.SecretID)
}

// TestARoleIsAssumedByEachFormOfItsARN: by name or id, of the account or of a service.
func TestARoleIsAssumedByEachFormOfItsARN(t *testing.T) {
	t.Parallel()
	const uin = "qcs::cam::uin/" + account
	for form, want := range map[string]string{
		deployer:                          deployer,
		uin + ":role/4611686018427397919": deployer,
		serviceRole:                       serviceRole,
		uin + ":role/tencentcloudServiceRole/4611686018427397920": serviceRole,
	} {
		if !credentials.RoleARN.MatchString(form) {
			t.Errorf("%s is refused before it is sent", form)
		}
		sts := ststest.New(stsOptions())
		s := settings()
		s.AssumeRole = &credentials.AssumeRole{Role: roleNamed(form)}
		got, err := chained(t, sts, s, nil).Retrieve(t.Context())
		if err != nil || sts.RoleOf(got.SecretID) != want {
			t.Errorf("%s: a session of %q, %v", form, sts.RoleOf(got.SecretID), err)
		}
		if granted := sts.Granted(); len(granted) != 1 || granted[0].RoleARN != form {
			t.Errorf("asked for %+v", granted)
		}
	}
	for _, wrong := range []string{"deployer", "qcs::cam::uin/:roleName/deployer", "qcs::cam::uin/1:uin/2", idp} {
		if credentials.RoleARN.MatchString(wrong) {
			t.Errorf("%s is taken for a role", wrong)
		}
	}
}
func TestEveryKindOfRoleIsAssumed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, "CANARY-token-1\n")
	asJSON := filepath.Join(t.TempDir(), "token.json")
	write(t, asJSON, `{"web_identity_token": "CANARY-token-2"}`)
	assertion := base64.StdEncoding.EncodeToString([]byte("CANARY-assertion"))
	pod := map[string]string{
		"TKE_REGION":                  "ap-nanjing",
		"TKE_PROVIDER_ID":             "OIDC",
		"TKE_WEB_IDENTITY_TOKEN_FILE": file,
		"TKE_ROLE_ARN":                deployer,
	}
	ofToken := ststest.SessionRequest{
		Action: "AssumeRoleWithWebIdentity", RoleARN: deployer, SessionName: "test", Duration: 3600, ProviderID: "OIDC",
	}
	ofPod := ofToken
	ofPod.SessionName, ofPod.Duration = "terraform-provider-tkeimage", 7200
	tests := map[string]struct {
		settings func(*credentials.Settings)
		env      map[string]string
		asked    []ststest.SessionRequest
		region   string
	}{
		"assume_role": {
			settings: func(s *credentials.Settings) {
				s.AssumeRole = &credentials.AssumeRole{
					Role:           roleNamed(deployer),
					Policy:         `{"version": "2.0", "statement": []}`,
					SourceIdentity: "i",
					Tags:           []credentials.Tag{{Key: "stage", Value: "ci"}, {Key: "team", Value: "ml"}},
				}
			},
			asked: []ststest.SessionRequest{
				{Action: "AssumeRole", RoleARN: deployer, SessionName: "test", Duration: 3600, SourceIdentity: "i",
					Tags:   "stage=ci, team=ml",
					Policy: "%7B%22version%22%3A+%222.0%22%2C+%22statement%22%3A+%5B%5D%7D"},
			},
		},
		"MFA": {
			settings: func(s *credentials.Settings) {
				s.AssumeRole = &credentials.AssumeRole{
					Role:         roleNamed("qcs::cam::uin/100000000001:roleName/mfa"),
					SerialNumber: "qcs::cam:uin/1::mfa/softToken",
					TokenCode:    "123456",
				}
			},
			asked: []ststest.SessionRequest{
				{
					Action:      "AssumeRole",
					RoleARN:     "qcs::cam::uin/100000000001:roleName/mfa",
					SessionName: "test",
					Duration:    3600,
				},
			},
		},
		"SAML": {
			settings: func(s *credentials.Settings) {
				s.SAML = &credentials.SAML{Role: roleNamed(deployer), Assertion: assertion, PrincipalARN: idp}
			},
			asked: []ststest.SessionRequest{
				{Action: "AssumeRoleWithSAML", RoleARN: deployer, SessionName: "test", Duration: 3600},
			},
		},
		"web identity": {
			settings: func(s *credentials.Settings) {
				s.WebIdentity = &credentials.WebIdentity{Role: roleNamed(deployer), Token: "CANARY-token-1"}
			},
			asked: []ststest.SessionRequest{ofToken},
		},
		"web identity of a file as it is": {
			settings: func(s *credentials.Settings) {
				s.WebIdentity = &credentials.WebIdentity{Role: roleNamed(deployer), TokenFile: file}
			},
			asked: []ststest.SessionRequest{ofToken},
		},
		"web identity of a JSON file": {
			settings: func(s *credentials.Settings) {
				s.WebIdentity = &credentials.WebIdentity{Role: roleNamed(deployer), TokenFile: asJSON}
			},
			asked: []ststest.SessionRequest{ofToken},
		},
		"Pod": {
			settings: func(s *credentials.Settings) { s.EnablePodOIDC = true },
			env:      pod,
			region:   "ap-nanjing",
			asked:    []ststest.SessionRequest{ofPod},
		},
		"a role assumed with a Pod's": {
			settings: func(s *credentials.Settings) {
				s.EnablePodOIDC = true
				s.AssumeRole = &credentials.AssumeRole{Role: roleNamed(target), ExternalID: "ext"}
			}, env: pod,
			asked: []ststest.SessionRequest{
				ofPod,
				{Action: "AssumeRole", RoleARN: target, SessionName: "test", Duration: 3600},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sts := ststest.New(stsOptions())
			s := settings()
			test.settings(&s)
			role := retrieved(t, sts, chained(t, sts, s, test.env))
			if diff := cmp.Diff(test.asked, sts.Granted()); diff != "" {
				t.Error(diff)
			}
			if want := test.asked[len(test.asked)-1].RoleARN; role != want {
				t.Errorf("got credentials of %q, want those of %q", role, want)
			}
			for _, request := range sts.Requests() {
				if signed := request.Action == ststest.AssumeRole; request.Signed != signed {
					t.Errorf("%s signed: %v", request.Action, request.Signed)
				}
				if test.region != "" && request.Region != test.region {
					t.Errorf("region %s, want %s", request.Region, test.region)
				}
			}
		})
	}
}

func TestAChainIsRenewedFromTheLinkThatExpires(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, "CANARY-token-1")
	options := stsOptions()
	options.Lifetime = 2 * time.Second
	sts := ststest.New(options)
	made := chained(t, sts, credentials.Settings{
		WebIdentity: &credentials.WebIdentity{Role: roleNamed(deployer), TokenFile: file},
		AssumeRole:  &credentials.AssumeRole{Role: roleNamed(target), ExternalID: "ext"},
	}, nil)
	seen := map[string]bool{}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		got, err := made.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if known, _ := sts.Lookup(got.SecretID); !time.Now().Before(known.Expires) {
			t.Fatal("an expired session was given")
		}
		seen[got.SecretID] = true
		write(t, file, "CANARY-token-2") // the issuer renews it: the next session must be requested with this one
	}
	if len(seen) < 3 || len(seen) > 40 {
		t.Errorf("%d sessions in five seconds of sessions of two", len(seen))
	}
	if calls := sts.Calls(ststest.AssumeRoleWithWebIdentity); calls < 3 {
		t.Errorf("the first link was asked %d times", calls)
	}
}

func TestTheRoleOfACVM(t *testing.T) {
	t.Parallel()
	sts := ststest.New(stsOptions())
	metadata := &ststest.Metadata{STS: sts, Role: "machine", ARN: deployer}
	services := credentials.Services{
		Metadata: apitest.Start(t, metadata),
		STS:      cloudapi.Config{Endpoint: apitest.Start(t, sts), RetryWait: time.Millisecond},
	}
	with := func(settings credentials.Settings) cloudapi.Credentials {
		made, err := resolve(t, settings, nil, nil).Credentials(services)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	machine := with(credentials.Settings{CAMRoleName: "machine"})
	for range 3 {
		if role := retrieved(t, sts, machine); role != deployer {
			t.Errorf("got credentials of %q", role)
		}
	}
	if metadata.Calls() != 1 {
		t.Errorf("%d calls for one session", metadata.Calls())
	}
	role := retrieved(t, sts, with(credentials.Settings{
		CAMRoleName: "machine",
		AssumeRole:  &credentials.AssumeRole{Role: roleNamed(target), ExternalID: "ext"},
	}))
	if role != target {
		t.Errorf("got credentials of %q", role)
	}

	var failed *credentials.MetadataError
	_, err := with(credentials.Settings{CAMRoleName: "unbound"}).Retrieve(t.Context())
	if !errors.As(err, &failed) || failed.Status != http.StatusNotFound {
		t.Errorf("a role that is not bound: %v", err)
	}
	metadata.Failing.Store(true)
	_, err = with(credentials.Settings{CAMRoleName: "machine"}).Retrieve(t.Context())
	if !errors.As(err, &failed) || failed.Code != "InternalError" {
		t.Errorf("a service that fails: %v", err)
	}
	services.Metadata = "http://127.0.0.1:1"
	_, err = with(credentials.Settings{CAMRoleName: "machine"}).Retrieve(t.Context())
	if !errors.As(err, &failed) || failed.Err == nil || failed.Host != "127.0.0.1:1" {
		t.Errorf("no service at all: %v", err)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	toTarget := func(s *credentials.Settings) {
		s.WebIdentity = &credentials.WebIdentity{Role: roleNamed(deployer), Token: "CANARY-token-1"}
		s.AssumeRole = &credentials.AssumeRole{Role: roleNamed(target), ExternalID: "ext"}
	}
	for name, test := range map[string]struct {
		allowed, forbidden []string
		change             func(*credentials.Settings)
		barred             string
	}{
		"allowed":                   {allowed: []string{other, account}},
		"not allowed":               {allowed: []string{other}, barred: account},
		"forbidden":                 {forbidden: []string{account}, barred: account},
		"not forbidden":             {forbidden: []string{other}},
		"both":                      {allowed: []string{account}, forbidden: []string{account}, barred: account},
		"of the last role, allowed": {allowed: []string{other}, change: toTarget},
		"of the last role":          {forbidden: []string{other}, change: toTarget, barred: other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sts := ststest.New(stsOptions())
			s := settings()
			s.AllowedAccounts, s.ForbiddenAccounts = test.allowed, test.forbidden
			if test.change != nil {
				test.change(&s)
			}
			made := chained(t, sts, s, nil)
			for range 3 {
				_, err := made.Retrieve(t.Context())
				barred, ok := errors.AsType[*credentials.AccountError](err)
				if ok != (test.barred != "") || ok && barred.Account != test.barred || !ok && err != nil {
					t.Fatalf("got %v", err)
				}
			}
			if calls := sts.Calls(ststest.GetCallerIdentity); calls != 1 {
				t.Errorf("STS was asked %d times whose the credentials are", calls)
			}
		})
	}
}

func TestFailuresOfALinkSayWhatWasUsedAndNoSecret(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*credentials.Settings)
		code   string
		with   string // the part of the key pair that was used
	}{
		"unknown role": {
			func(s *credentials.Settings) { s.AssumeRole = &credentials.AssumeRole{Role: roleNamed(deployer + "x")} },
			"ResourceNotFound.RoleNotFound", "secret_id",
		},
		"not a principal": {func(s *credentials.Settings) {
			s.AssumeRole = &credentials.AssumeRole{Role: roleNamed(target), ExternalID: "ext"}
		}, "UnauthorizedOperation", "secret_id"},
		"wrong key": {func(s *credentials.Settings) {
			s.SecretKey = "CANARY-wrong"
			s.AssumeRole = &credentials.AssumeRole{Role: roleNamed(deployer)}
		}, "AuthFailure.SignatureFailure", "secret_id"},
		"wrong web identity": {func(s *credentials.Settings) {
			s.WebIdentity = &credentials.WebIdentity{Role: roleNamed(deployer), Token: "CANARY-other"}
		}, "InvalidParameter.WebIdentityTokenError", ""},
		"wrong assertion": {func(s *credentials.Settings) {
			s.SAML = &credentials.SAML{Role: roleNamed(deployer), Assertion: "Q0FOQVJZ", PrincipalARN: idp}
		}, "InvalidParameter.ParamError", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sts := ststest.New(stsOptions())
			s := settings()
			test.change(&s)
			_, err := chained(t, sts, s, nil).Retrieve(t.Context())
			link, ok := errors.AsType[*credentials.Error](err)
			if !ok || (link.With == nil) != (test.with == "") || link.With != nil && link.With.From[0].Name != test.with {
				t.Fatalf("got %#v", err)
			}
			call, ok := errors.AsType[*cloudapi.Error](err)
			if !ok || call.Code != test.code || call.Service != "sts" || call.RequestID == "" {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "CANARY") {
				t.Errorf("%q tells a secret", err)
			}
		})
	}
}

func TestFilesOfWebIdentitiesThatHoldNone(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": " \n", "other JSON": `{"token": "CANARY"}`, "broken JSON": `{CANARY`, "missing": "",
	} {
		sts := ststest.New(stsOptions())
		file := filepath.Join(t.TempDir(), "token")
		if content != "" {
			write(t, file, content)
		}
		s := credentials.Settings{WebIdentity: &credentials.WebIdentity{Role: roleNamed(deployer), TokenFile: file}}
		_, err := chained(t, sts, s, nil).Retrieve(t.Context())
		if err == nil || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v", name, err)
		}
		if len(sts.Requests()) != 0 {
			t.Errorf("%s: STS was asked", name)
		}
	}
}

func TestSTSTellsByHowMuchTheClocksDiffer(t *testing.T) {
	t.Parallel()
	options := stsOptions()
	options.Clock = func() time.Time { return time.Now().Add(-time.Hour) }
	sts := ststest.New(options)
	s := settings()
	s.AssumeRole = &credentials.AssumeRole{Role: roleNamed(deployer)}
	_, err := chained(t, sts, s, nil).Retrieve(t.Context())
	call, ok := errors.AsType[*cloudapi.Error](err)
	if !ok || call.Code != "AuthFailure.SignatureExpire" || (call.Skew-time.Hour).Abs() > 10*time.Second {
		t.Errorf("got %v, skew %v", err, call.Skew)
	}
}

func TestNothingIsAskedBeforeItIsNeeded(t *testing.T) {
	t.Parallel()
	sts := ststest.New(stsOptions())
	s := settings()
	s.AllowedAccounts = []string{account}
	s.AssumeRole = &credentials.AssumeRole{Role: roleNamed(deployer)}
	chained(t, sts, s, nil)
	if requests := sts.Requests(); len(requests) != 0 {
		t.Errorf("got %v", requests)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
