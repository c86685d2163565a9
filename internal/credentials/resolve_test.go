package credentials_test

import (
	"errors"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

func TestHalvesAreErrorsThatNameTheOtherHalf(t *testing.T) {
	t.Parallel()
	role := credentials.Role{ARN: "r", SessionName: "s"}
	missing := func(block, argument, variable string) credentials.ArgumentError {
		return credentials.ArgumentError{
			Problem: credentials.MissingArgument, Block: block, Argument: argument, Variable: variable,
		}
	}
	badDuration := func(value string) credentials.ArgumentError {
		return credentials.ArgumentError{
			Problem: credentials.InvalidDuration, Block: "assume_role", Argument: "session_duration",
			Variable: credentials.EnvSessionDuration, Value: value,
		}
	}
	tests := map[string]struct {
		settings credentials.Settings
		env      map[string]string
		want     credentials.ArgumentError
	}{
		"argument id only": {
			settings: credentials.Settings{SecretID: "CANARY"},
			want: credentials.ArgumentError{
				Problem: credentials.PartialKeyPair, Argument: "secret_key", Variable: credentials.EnvSecretKey,
				Have: "secret_id", From: credentials.Origin{Kind: credentials.FromArgument, Name: "secret_id"},
			},
		},
		"token only": {
			settings: credentials.Settings{SecurityToken: "CANARY"},
			want: credentials.ArgumentError{
				Problem: credentials.PartialKeyPair, Argument: "secret_id", Variable: credentials.EnvSecretID,
				Have: "security_token",
				From: credentials.Origin{Kind: credentials.FromArgument, Name: "security_token"},
			},
		},
		"role of the environment without a session": {
			env: map[string]string{credentials.EnvRoleARN: "r"},
			want: credentials.ArgumentError{
				Problem: credentials.MissingSessionName, Block: "assume_role", Argument: "session_name",
				Variable: credentials.EnvSessionName,
			},
		},
		"block without a role": {
			settings: credentials.Settings{
				AssumeRole: &credentials.AssumeRole{Role: credentials.Role{SessionName: "s"}},
			},
			want: missing("assume_role", "role_arn", credentials.EnvRoleARN),
		},
		"block without a session": {
			settings: credentials.Settings{AssumeRole: &credentials.AssumeRole{Role: credentials.Role{ARN: "r"}}},
			want:     missing("assume_role", "session_name", credentials.EnvSessionName),
		},
		"SAML without an assertion": {
			settings: credentials.Settings{SAML: &credentials.SAML{Role: role, PrincipalARN: "p"}},
			want:     missing("assume_role_with_saml", "saml_assertion", credentials.EnvSAMLAssertion),
		},
		"SAML without a provider": {
			settings: credentials.Settings{SAML: &credentials.SAML{Role: role, Assertion: "CANARY"}},
			want:     missing("assume_role_with_saml", "principal_arn", credentials.EnvPrincipalARN),
		},
		"SAML of the environment without a provider": {
			env: map[string]string{
				credentials.EnvRoleARN: "r", credentials.EnvSessionName: "s", credentials.EnvSAMLAssertion: "CANARY",
			},
			want: missing("assume_role_with_saml", "principal_arn", credentials.EnvPrincipalARN),
		},
		"web identity without a token": {
			settings: credentials.Settings{WebIdentity: &credentials.WebIdentity{Role: role}},
			want:     missing("assume_role_with_web_identity", "web_identity_token", credentials.EnvWebIdentityToken),
		},
		"SAML and web identity": {
			settings: credentials.Settings{
				SAML:        &credentials.SAML{Role: role, Assertion: "CANARY", PrincipalARN: "p"},
				WebIdentity: &credentials.WebIdentity{Role: role, Token: "CANARY"},
			},
			want: credentials.ArgumentError{Problem: credentials.SessionsInBlocks, Block: "assume_role_with_saml"},
		},
		"SAML and web identity of the environment": {
			env: map[string]string{
				credentials.EnvRoleARN: "r", credentials.EnvSessionName: "s",
				credentials.EnvSAMLAssertion: "CANARY", credentials.EnvPrincipalARN: "p",
				credentials.EnvWebIdentityToken: "CANARY",
			},
			want: credentials.ArgumentError{Problem: credentials.SessionsInVariables, Block: "assume_role_with_saml"},
		},
		"a duration that is none": {
			settings: credentials.Settings{AssumeRole: &credentials.AssumeRole{Role: role}},
			env:      map[string]string{credentials.EnvSessionDuration: "2h"},
			want:     badDuration("2h"),
		},
		"a duration beyond the limit": {
			settings: credentials.Settings{AssumeRole: &credentials.AssumeRole{Role: role}},
			env:      map[string]string{credentials.EnvSessionDuration: "43201"},
			want:     badDuration("43201"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := credentials.Resolve(test.settings, world(test.env, nil))
			argument, ok := errors.AsType[*credentials.ArgumentError](err)
			if !ok {
				t.Fatalf("got %#v", err)
			}
			if diff := cmp.Diff(test.want, *argument); diff != "" { // a secret among the facts would show here
				t.Error(diff)
			}
			if strings.Contains(err.Error(), "CANARY") {
				t.Errorf("%q holds a secret", err)
			}
		})
	}
}

// What does not take part in the outcome may be as it will: with the official provider such a
// configuration works.
func TestHalvesThatAreNotUsedAreNoErrors(t *testing.T) {
	t.Parallel()
	half := map[string]string{"TENCENTCLOUD_SECRET_ID": "id"}
	role := credentials.Role{ARN: "r", SessionName: "s"}
	for name, settings := range map[string]credentials.Settings{
		"a CVM's role": {CAMRoleName: "cvm"},
		"web identity": {WebIdentity: &credentials.WebIdentity{Role: role, Token: "t"}},
	} {
		if resolved := resolve(t, settings, half, nil); resolved.Fault != nil || len(resolved.Chain) != 1 {
			t.Errorf("%s: %+v", name, resolved)
		}
	}
	withBlock := credentials.Settings{SecretID: "id", SecretKey: "key", AssumeRole: &credentials.AssumeRole{Role: role}}
	resolved := resolve(t, withBlock, map[string]string{"TENCENTCLOUD_ASSUME_ROLE_ARN": "other"}, nil)
	if len(resolved.Chain) != 2 {
		t.Errorf("a role in the environment without a session, beside a block: %+v", resolved.Chain)
	}
}

func TestBlocksAreFilledInFromTheEnvironment(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"TENCENTCLOUD_SECRET_ID":                    "id",
		"TENCENTCLOUD_SECRET_KEY":                   "key",
		"TENCENTCLOUD_ASSUME_ROLE_ARN":              "r",
		"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME":     "s",
		"TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "3600",
		"TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID":      "e",
		"TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY":  "i",
		"TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER":    "n",
		"TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE":       "c",
		"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION":   "a",
		"TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN":    "p",
	}
	role := func(block string) credentials.Role {
		return credentials.Role{ARN: "r", SessionName: "s", Duration: 3600, From: fromBlock(block)}
	}
	last := func(settings credentials.Settings, more map[string]string) credentials.Link {
		merged := maps.Clone(env)
		maps.Copy(merged, more)
		chain := resolve(t, settings, merged, nil).Chain
		return chain[len(chain)-1]
	}
	for _, test := range []struct{ got, want credentials.Link }{
		{last(credentials.Settings{AssumeRole: &credentials.AssumeRole{}}, nil),
			credentials.AssumeRole{
				Role: role("assume_role"), ExternalID: "e", SourceIdentity: "i", SerialNumber: "n", TokenCode: "c",
			}},
		{last(credentials.Settings{SAML: &credentials.SAML{}}, nil),
			credentials.SAML{Role: role("assume_role_with_saml"), Assertion: "a", PrincipalARN: "p"}},
		{
			last(
				credentials.Settings{WebIdentity: &credentials.WebIdentity{}},
				map[string]string{
					"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN": "t", "TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID": "P",
				},
			),
			credentials.WebIdentity{Role: role("assume_role_with_web_identity"), ProviderID: "P", Token: "t"},
		},
		{
			last(
				credentials.Settings{WebIdentity: &credentials.WebIdentity{}},
				map[string]string{"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE": "/f"},
			),
			credentials.WebIdentity{Role: role("assume_role_with_web_identity"), ProviderID: "OIDC", TokenFile: "/f"},
		},
		{
			last(
				credentials.Settings{
					AssumeRole: &credentials.AssumeRole{
						Role:           credentials.Role{ARN: "R", SessionName: "S", Duration: 60},
						ExternalID:     "E",
						SourceIdentity: "I",
						SerialNumber:   "N",
						TokenCode:      "C",
						Policy:         "P",
					},
				},
				map[string]string{
					"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": "", "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN": "",
				},
			),
			credentials.AssumeRole{
				Role: credentials.Role{
					ARN: "R", SessionName: "S", Duration: 60, From: fromBlock("assume_role"),
				},
				ExternalID:     "E",
				SourceIdentity: "I",
				SerialNumber:   "N",
				TokenCode:      "C",
				Policy:         "P",
			},
		},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestProfileFiles(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"/home/u/.tccli/default.credential": `{"secretId": " id ", "secretKey": "key\n", "token": "token",
			"expiresAt": 1700000000, "oauth": {"x": 1}}`,
		"/home/u/.tccli/default.configure": `{"_sys_param": {"region": " ap-tokyo ", "output": "json"},
			"cvm": {"endpoint": "x"}}`,
		"/home/u/creds/prod.credential": `{"secretId": "prod", "secretKey": "key",
			"role-arn": "r", "role-session-name": "s"}`,
		"/abs/default.credential": `{"secretId": "abs", "secretKey": "key"}`,
	}
	home := map[string]string{"HOME": "/home/u"}
	with := func(more ...string) map[string]string {
		env := map[string]string{"HOME": "/home/u"}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	static := func(id, file string) credentials.Static {
		return credentials.Static{
			Credential: cloudapi.Credential{SecretID: id, SecretKey: "key"},
			From:       []credentials.Origin{fromProfile(file)},
		}
	}
	first := static("id", "/home/u/.tccli/default.credential")
	first.Token = "token"
	prod := []credentials.Link{
		static("prod", "/home/u/creds/prod.credential"),
		credentials.AssumeRole{
			Role: credentials.Role{
				ARN:         "r",
				SessionName: "s",
				Duration:    7200,
				From:        fromProfile("/home/u/creds/prod.credential"),
			},
		},
	}
	tests := map[string]struct {
		settings credentials.Settings
		env      map[string]string
		chain    []credentials.Link
		region   string
	}{
		"default": {env: home, chain: []credentials.Link{first}, region: "ap-tokyo"},
		"arguments": {
			settings: credentials.Settings{SharedCredentialsDir: "~/creds", Profile: "prod"},
			env:      home,
			chain:    prod,
			region:   "ap-guangzhou",
		},
		"environment": {
			env:    with("TENCENTCLOUD_SHARED_CREDENTIALS_DIR", "~/creds", "TENCENTCLOUD_PROFILE", "prod"),
			chain:  prod,
			region: "ap-guangzhou",
		},
		"argument beats environment": {
			settings: credentials.Settings{SharedCredentialsDir: "/abs", Profile: "default"},
			env:      with("TENCENTCLOUD_SHARED_CREDENTIALS_DIR", "~/creds", "TENCENTCLOUD_PROFILE", "prod"),
			chain:    []credentials.Link{static("abs", "/abs/default.credential")},
			region:   "ap-guangzhou",
		},
		"region set elsewhere": {
			settings: credentials.Settings{Region: "ap-seoul"},
			env:      home,
			chain:    []credentials.Link{first},
			region:   "ap-seoul",
		},
		"region of the environment": {
			env:    with("TENCENTCLOUD_REGION", "ap-seoul"),
			chain:  []credentials.Link{first},
			region: "ap-seoul",
		},
		"no file": {
			settings: credentials.Settings{Profile: "none"},
			env:      home,
			region:   "ap-guangzhou",
		},
		"no home": {region: "ap-guangzhou"},
		"not read beside keys": {
			settings: credentials.Settings{SecretID: "a", SecretKey: "b"},
			env:      home,
			region:   "ap-guangzhou",
			chain: []credentials.Link{
				credentials.Static{
					Credential: cloudapi.Credential{SecretID: "a", SecretKey: "b"},
					From: []credentials.Origin{
						{Kind: credentials.FromArgument, Name: "secret_id"},
						{Kind: credentials.FromArgument, Name: "secret_key"},
					},
				},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resolved := resolve(t, test.settings, test.env, files)
			diff := cmp.Diff(test.chain, resolved.Chain)
			if diff != "" || resolved.Region != test.region || resolved.Fault != nil {
				t.Errorf("region %s, fault %v\n%s", resolved.Region, resolved.Fault, diff)
			}
		})
	}
}

// A profile file that cannot be used matters only to what needs the cloud, and only where no other
// credentials are configured.
func TestProfileFilesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	env := map[string]string{"HOME": "/h"}
	for name, test := range map[string]struct {
		credential, configure string
		says                  string
	}{
		"not JSON": {credential: `secretId = CANARY`, says: "/h/.tccli/default.credential is not a " +
			"JSON object"},
		"no key": {credential: `{"secretId": "CANARY"}`, says: "has only one of secretId and " +
			"secretKey"},
		"a role without a session": {
			credential: `{"secretId": "CANARY", "secretKey": "CANARY", "role-arn": "r"}`,
			says:       "no role-session-name",
		},
		"an unreadable region": {
			credential: `{"secretId": "CANARY", "secretKey": "CANARY"}`,
			configure:  `[`,
			says:       "/h/.tccli/default.configure is not a JSON object",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"/h/.tccli/default.credential": test.credential}
			if test.configure != "" {
				files["/h/.tccli/default.configure"] = test.configure
			}
			fault := resolve(t, credentials.Settings{}, env, files).Fault
			var profile *credentials.ProfileError
			if !errors.As(fault, &profile) || !strings.Contains(fault.Error(), test.says) ||
				strings.Contains(fault.Error(), "CANARY") {
				t.Errorf("got %v", fault)
			}
			other := resolve(
				t,
				credentials.Settings{
					Region: "ap-seoul",
					WebIdentity: &credentials.WebIdentity{
						Role:  credentials.Role{ARN: "r", SessionName: "s"},
						Token: "t",
					},
				},
				env, files,
			)
			if other.Fault != nil {
				t.Errorf("with a session of its own: %v", other.Fault)
			}
		})
	}
}

func TestAPodWithoutARoleSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	resolved := resolve(
		t, credentials.Settings{EnablePodOIDC: true},
		map[string]string{"TKE_REGION": "ap-nanjing", "TKE_ROLE_ARN": "r"}, nil,
	)
	var pod *credentials.PodError
	if !errors.As(resolved.Fault, &pod) ||
		cmp.Diff([]string{"TKE_PROVIDER_ID", "TKE_WEB_IDENTITY_TOKEN_FILE"}, pod.Lacks) != "" {
		t.Errorf("got %v", resolved.Fault)
	}
}

func TestARoleWithNothingToAssumeItWith(t *testing.T) {
	t.Parallel()
	resolved := resolve(
		t,
		credentials.Settings{AssumeRole: &credentials.AssumeRole{Role: credentials.Role{ARN: "r", SessionName: "s"}}},
		nil, nil,
	)
	var nothing *credentials.NothingToAssumeWithError
	if !errors.As(resolved.Fault, &nothing) || nothing.Profile.Path == "" {
		t.Fatalf("got %v", resolved.Fault)
	}
	want := credentials.Source{RoleARN: "r", From: []credentials.Origin{fromBlock("assume_role")}}
	if diff := cmp.Diff(want, nothing.Role); diff != "" {
		t.Error(diff)
	}
}

func TestTheSourcesNamePlacesAndNoValue(t *testing.T) {
	t.Parallel()
	settings := credentials.Settings{
		SecretID: "CANARY-id",
		AssumeRole: &credentials.AssumeRole{
			Role:      credentials.Role{ARN: "qcs::cam::uin/1:roleName/x", SessionName: "s"},
			TokenCode: "CANARY",
		},
	}
	got := resolve(t, settings, map[string]string{"TENCENTCLOUD_SECRET_KEY": "CANARY-key"}, nil).Sources()
	want := []credentials.Source{
		{From: []credentials.Origin{
			{Kind: credentials.FromArgument, Name: "secret_id"},
			{Kind: credentials.FromVariable, Name: "TENCENTCLOUD_SECRET_KEY"},
		}},
		{RoleARN: "qcs::cam::uin/1:roleName/x", From: []credentials.Origin{fromBlock("assume_role")}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func fromBlock(name string) credentials.Origin {
	return credentials.Origin{Kind: credentials.FromBlock, Name: name}
}

func fromProfile(file string) credentials.Origin {
	return credentials.Origin{Kind: credentials.FromProfile, Name: file}
}

// TestHalfAKeyPairOfTheEnvironmentIsAFault: it stops what needs the cloud, and not the rest.
func TestHalfAKeyPairOfTheEnvironmentIsAFault(t *testing.T) {
	t.Parallel()
	for variable, lacks := range map[string]string{
		credentials.EnvSecretID: "secret_key", credentials.EnvSecretKey: "secret_id",
		credentials.EnvSecurityToken: "secret_id",
	} {
		world := credentials.World{
			Getenv:   func(name string) string { return map[string]string{variable: "CANARY"}[name] },
			ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		}
		found, err := credentials.Resolve(credentials.Settings{}, world)
		partial, ok := errors.AsType[*credentials.ArgumentError](found.Fault)
		if err != nil || !ok || partial.Problem != credentials.PartialKeyPair || partial.Argument != lacks {
			t.Errorf("%s alone: %v, %v", variable, found.Fault, err)
		}
		role := credentials.Settings{CAMRoleName: "role"} // which has no use for the pair
		if found, err = credentials.Resolve(role, world); err != nil || found.Fault != nil {
			t.Errorf("%s beside a role of the CVM: %v, %v", variable, found.Fault, err)
		}
	}
}
