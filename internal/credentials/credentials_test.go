package credentials_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestAnArgumentBeatsItsVariableWhichBeatsTheDefault(t *testing.T) {
	t.Parallel()
	all := map[string]string{
		credentials.EnvSecretID: "env-id", credentials.EnvSecretKey: "env-key", credentials.EnvSecurityToken: "env-token",
		credentials.EnvRegion: "ap-beijing", credentials.EnvProtocol: "http", credentials.EnvDomain: "env.example",
	}
	type outcome struct{ ID, Key, Token, Region, Protocol, Domain string }
	tests := map[string]struct {
		settings credentials.Settings
		env      map[string]string
		want     outcome
	}{
		"nothing set": {want: outcome{Region: "ap-guangzhou", Protocol: "HTTPS", Domain: "tencentcloudapi.com"}},
		"environment": {env: all, want: outcome{"env-id", "env-key", "env-token", "ap-beijing", "HTTP", "env.example"}},
		"arguments beat the environment": {
			settings: credentials.Settings{SecretID: "id", SecretKey: "key", SecurityToken: "token", Region: "ap-shanghai", Protocol: "HTTPS", Domain: "d.example"},
			env:      all,
			want:     outcome{"id", "key", "token", "ap-shanghai", "HTTPS", "d.example"},
		},
		"each by itself": {
			settings: credentials.Settings{SecretID: "id"}, env: all,
			want: outcome{"id", "env-key", "env-token", "ap-beijing", "HTTP", "env.example"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resolved, err := credentials.Resolve(test.settings, env(test.env))
			if err != nil {
				t.Fatal(err)
			}
			got := outcome{Region: resolved.Region, Protocol: resolved.Protocol, Domain: resolved.Domain}
			if resolved.Credential != nil {
				got.ID, got.Key, got.Token = resolved.Credential.GetCredential()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if (resolved.Credential == nil) != (resolved.Source == "") {
				t.Errorf("credential %v, but its source is %q", resolved.Credential != nil, resolved.Source)
			}
		})
	}
}

func TestHalfACredentialIsAnErrorThatNamesTheOtherHalf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		settings credentials.Settings
		env      map[string]string
		lacks    string
		says     []string
	}{
		"argument id only": {settings: credentials.Settings{SecretID: "CANARY"}, lacks: "secret_key", says: []string{"the provider argument secret_id", credentials.EnvSecretKey}},
		"variable key only": {env: map[string]string{credentials.EnvSecretKey: "CANARY"}, lacks: "secret_id",
			says: []string{"the environment variable " + credentials.EnvSecretKey, credentials.EnvSecretID}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := credentials.Resolve(test.settings, env(test.env))
			var partial *credentials.PartialError
			if !errors.As(err, &partial) || partial.Lacks != test.lacks {
				t.Fatalf("got %v", err)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "CANARY") {
				t.Errorf("%q tells a secret", err)
			}
		})
	}
}

func TestTheSourceNamesPlacesAndNoValue(t *testing.T) {
	t.Parallel()
	resolved, err := credentials.Resolve(credentials.Settings{SecretID: "CANARY-id"}, env(map[string]string{credentials.EnvSecretKey: "CANARY-key"}))
	if err != nil {
		t.Fatal(err)
	}
	want := "the provider argument secret_id, the environment variable TENCENTCLOUD_SECRET_KEY"
	if resolved.Source != want {
		t.Errorf("got %q, want %q", resolved.Source, want)
	}
}
