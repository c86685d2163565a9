package credentials_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

var update = flag.Bool("update", false, "write testdata/precedence.md anew")

// source is one place that credentials may come from, and how a configuration would use it.
type source struct {
	name  string
	apply func(s *credentials.Settings, env, files map[string]string)
}

// sources are all places of the conventions, in the order of the chain.
func sources() []source {
	type (
		settings = *credentials.Settings
		texts    = map[string]string
	)
	put := func(pairs ...string) func(settings, texts, texts) {
		return func(_ settings, env, _ texts) {
			for i := 0; i < len(pairs); i += 2 {
				env[pairs[i]] = pairs[i+1]
			}
		}
	}
	role := func(name string) credentials.Role {
		return credentials.Role{ARN: "role-of-" + name, SessionName: "s"}
	}
	return []source{
		{"argument keys", func(s settings, _, _ texts) { s.SecretID, s.SecretKey = "argument-id", "argument-key" }},
		{
			"environment keys",
			put("TENCENTCLOUD_SECRET_ID", "environment-id", "TENCENTCLOUD_SECRET_KEY", "environment-key"),
		},
		{"profile keys", func(_ settings, _, files texts) {
			files["/home/u/.tccli/default.credential"] = `{"secretId": "profile-id", "secretKey": "profile-key"}`
		}},
		{"profile keys and role", func(_ settings, _, files texts) {
			files["/home/u/.tccli/default.credential"] = `{"secretId": "profile-id", "secretKey": "profile-key",
				"role-arn": "role-of-profile", "role-session-name": "s"}`
		}},
		{"argument cam_role_name", func(s settings, _, _ texts) { s.CAMRoleName = "argument-cvm-role" }},
		{"environment cam_role_name", put("TENCENTCLOUD_CAM_ROLE_NAME", "environment-cvm-role")},
		{
			"environment role",
			put("TENCENTCLOUD_ASSUME_ROLE_ARN", "role-of-environment", "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME", "s"),
		},
		{
			"environment SAML",
			put("TENCENTCLOUD_ASSUME_ROLE_ARN", "role-of-environment", "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME", "s",
				"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION", "a", "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN", "p"),
		},
		{
			"environment web identity",
			put("TENCENTCLOUD_ASSUME_ROLE_ARN", "role-of-environment", "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME", "s",
				"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN", "t"),
		},
		{"assume_role_with_saml", func(s settings, _, _ texts) {
			s.SAML = &credentials.SAML{Role: role("saml-block"), Assertion: "a", PrincipalARN: "p"}
		}},
		{"assume_role_with_web_identity", func(s settings, _, _ texts) {
			s.WebIdentity = &credentials.WebIdentity{Role: role("web-identity-block"), Token: "t"}
		}},
		{"enable_pod_oidc", func(s settings, env, _ texts) {
			s.EnablePodOIDC = true
			maps.Copy(
				env,
				texts{
					"TKE_REGION":                  "ap-nanjing",
					"TKE_PROVIDER_ID":             "p",
					"TKE_WEB_IDENTITY_TOKEN_FILE": "/token",
					"TKE_ROLE_ARN":                "role-of-pod",
				},
			)
		}},
		{"assume_role", func(s settings, _, _ texts) { s.AssumeRole = &credentials.AssumeRole{Role: role("block")} }},
	}
}

// TestPrecedenceOfEveryPair holds what every two sources come to, as a table that reads on its own.
// Run with -update after a change, and read the diff.
func TestPrecedenceOfEveryPair(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	got.WriteString(
		"# Which credentials two sources come to\n\nA role is assumed with what stands before the arrow.\n\n| " +
			"source | and | credentials |\n|---|---|---|\n",
	)
	all := sources()
	for i, a := range all {
		for _, b := range all[i:] {
			settings, env, files := credentials.Settings{}, map[string]string{"HOME": "/home/u"}, map[string]string{}
			a.apply(&settings, env, files)
			with := b.name
			if a.name == b.name {
				with = "nothing else"
			} else {
				b.apply(&settings, env, files)
			}
			resolved, err := credentials.Resolve(settings, world(env, files))
			fmt.Fprintf(&got, "| %s | %s | %s |\n", a.name, with, outcome(resolved, err))
		}
	}
	const file = "testdata/precedence.md"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the precedence changed (go test ./internal/credentials -update writes it anew):\n%s", diff)
	}
}

func outcome(resolved credentials.Resolved, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var links []string
	for _, link := range resolved.Chain {
		switch link := link.(type) {
		case credentials.Static:
			links = append(links, "keys "+link.SecretID+" "+link.SecretKey)
		case credentials.CVMRole:
			links = append(links, "CVM's "+link.Name)
		case credentials.AssumeRole:
			links = append(links, "assumed "+link.ARN)
		case credentials.SAML:
			links = append(links, "SAML "+link.ARN)
		case credentials.WebIdentity:
			links = append(links, "web identity "+link.ARN)
		}
	}
	text := strings.Join(links, " → ")
	if resolved.Fault != nil {
		text += fmt.Sprintf(" (unusable: %T)", resolved.Fault)
	}
	return text
}

func TestTheArgumentBeatsTheEnvironmentInEveryPart(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"TENCENTCLOUD_SECRET_ID":      "env",
		"TENCENTCLOUD_SECRET_KEY":     "env",
		"TENCENTCLOUD_SECURITY_TOKEN": "env",
		"TENCENTCLOUD_TOKEN":          "cli",
		"TENCENTCLOUD_REGION":         "env",
		"TENCENTCLOUD_PROTOCOL":       "http",
		"TENCENTCLOUD_DOMAIN":         "env",
	}
	type parts struct{ ID, Key, Token, Region, Protocol, Domain string }
	all := parts{"env", "env", "env", "env", "HTTP", "env"}
	tests := map[string]struct {
		settings credentials.Settings
		env      map[string]string
		want     parts
	}{
		"nothing": {
			env:  nil,
			want: parts{Region: "ap-guangzhou", Protocol: "HTTPS", Domain: "tencentcloudapi.com"},
		},
		"environment": {env: env, want: all},
		"all arguments": {
			settings: credentials.Settings{
				SecretID:      "a",
				SecretKey:     "b",
				SecurityToken: "c",
				Region:        "d",
				Protocol:      "HTTPS",
				Domain:        "e",
			},
			env:  env,
			want: parts{"a", "b", "c", "d", "HTTPS", "e"},
		},
		"secret_id": {
			settings: credentials.Settings{SecretID: "a"},
			env:      env,
			want:     parts{"a", "env", "env", "env", "HTTP", "env"},
		},
		"secret_key": {
			settings: credentials.Settings{SecretKey: "a"},
			env:      env,
			want:     parts{"env", "a", "env", "env", "HTTP", "env"},
		},
		"security_token": {
			settings: credentials.Settings{SecurityToken: "a"},
			env:      env,
			want:     parts{"env", "env", "a", "env", "HTTP", "env"},
		},
		"region": {
			settings: credentials.Settings{Region: "a"},
			env:      env,
			want:     parts{"env", "env", "env", "a", "HTTP", "env"},
		},
		"domain": {
			settings: credentials.Settings{Domain: "a"},
			env:      env,
			want:     parts{"env", "env", "env", "env", "HTTP", "a"},
		},
		"tccli's token beside its pair": {
			env: map[string]string{
				"TENCENTCLOUD_SECRET_ID":  "env",
				"TENCENTCLOUD_SECRET_KEY": "env",
				"TENCENTCLOUD_TOKEN":      "cli",
			},
			want: parts{
				ID:       "env",
				Key:      "env",
				Token:    "cli",
				Region:   "ap-guangzhou",
				Protocol: "HTTPS",
				Domain:   "tencentcloudapi.com",
			},
		},
		"tccli's token beside another's pair": {
			settings: credentials.Settings{
				SecretID:  "a",
				SecretKey: "b",
			},
			env:  map[string]string{"TENCENTCLOUD_TOKEN": "cli"},
			want: parts{ID: "a", Key: "b", Region: "ap-guangzhou", Protocol: "HTTPS", Domain: "tencentcloudapi.com"},
		},
		"tccli's token alone": {
			env:  map[string]string{"TENCENTCLOUD_TOKEN": "cli"},
			want: parts{Region: "ap-guangzhou", Protocol: "HTTPS", Domain: "tencentcloudapi.com"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resolved := resolve(t, test.settings, test.env, nil)
			got := parts{Region: resolved.Region, Protocol: resolved.Protocol, Domain: resolved.Domain}
			if len(resolved.Chain) > 0 {
				static := resolved.Chain[0].(credentials.Static)
				got.ID, got.Key, got.Token = static.SecretID, static.SecretKey, static.Token
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheProfileFileThatWasSearchedIsNamed(t *testing.T) {
	t.Parallel()
	const file = "/home/u/.tccli/default.credential"
	home := map[string]string{"HOME": "/home/u"}
	for name, test := range map[string]struct {
		settings credentials.Settings
		files    map[string]string
		want     credentials.ProfileFile
	}{
		"no file":        {want: credentials.ProfileFile{Path: file, Missing: true}},
		"no keys in it":  {files: map[string]string{file: `{"token": "t"}`}, want: credentials.ProfileFile{Path: file}},
		"keys before it": {settings: credentials.Settings{SecretID: "i", SecretKey: "k"}},
	} {
		if diff := cmp.Diff(test.want, resolve(t, test.settings, home, test.files).Profile); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
