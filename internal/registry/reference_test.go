package registry

import (
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestReferencesOfEveryFormAreCanonical(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]struct{ repository, host, tag, digest string }{
		"nginx":                            {"docker.io/library/nginx", "index.docker.io", "latest", ""},
		"nginx:1.27":                       {"docker.io/library/nginx", "index.docker.io", "1.27", ""},
		"bitnami/redis":                    {"docker.io/bitnami/redis", "index.docker.io", "latest", ""},
		"docker.io/nginx":                  {"docker.io/library/nginx", "index.docker.io", "latest", ""},
		"docker.io/library/nginx:1":        {"docker.io/library/nginx", "index.docker.io", "1", ""},
		"index.docker.io/library/nginx":    {"docker.io/library/nginx", "index.docker.io", "latest", ""},
		"host:5000/x":                      {"host:5000/x", "host:5000", "latest", ""},
		"host:5000/x/y:T_1.0-a":            {"host:5000/x/y", "host:5000", "T_1.0-a", ""},
		"localhost/x":                      {"localhost/x", "localhost", "latest", ""},
		"[::1]:5000/x":                     {"[::1]:5000/x", "[::1]:5000", "latest", ""},
		"ccr.ccs.tencentyun.com/ns/app:v1": {"ccr.ccs.tencentyun.com/ns/app", "ccr.ccs.tencentyun.com", "v1", ""},
		"team.tencentcloudcr.com/ns/a__b/c.d-e": {
			"team.tencentcloudcr.com/ns/a__b/c.d-e", "team.tencentcloudcr.com", "latest", "",
		},
		"nginx@" + someDigest:         {"docker.io/library/nginx", "index.docker.io", "latest", someDigest},
		"nginx:1.27@" + someDigest:    {"docker.io/library/nginx", "index.docker.io", "1.27", someDigest},
		"host:5000/x:1@" + someDigest: {"host:5000/x", "host:5000", "1", someDigest},
		"nginx:" + strings.Repeat("1", 128): {
			"docker.io/library/nginx", "index.docker.io", strings.Repeat("1", 128), "",
		},
		"x@sha512:" + strings.Repeat("0a1b", 128/4): {
			"docker.io/library/x", "index.docker.io", "latest", "sha512:" + strings.Repeat("0a1b", 128/4),
		},
	} {
		got, err := parseReference(written)
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		if canonicalName(got.repo) != want.repository || got.repo.RegistryStr() != want.host || got.tag != want.tag ||
			got.digest != want.digest {
			t.Errorf(
				"%s: got %s at %s, tag %q, digest %q",
				written, canonicalName(got.repo), got.repo.RegistryStr(), got.tag, got.digest,
			)
		}
	}
}

func TestInvalidReferencesAreErrorsThatNameThem(t *testing.T) {
	t.Parallel()
	for _, written := range []string{
		"", " ", "Nginx", "docker.io/Library/nginx", "nginx:", "nginx:.x", "nginx:-x", "nginx: 1",
		"nginx:" + strings.Repeat("a", 129),
		"nginx@", "nginx@sha256:abc", "nginx@md5:0123", "nginx@" + strings.ToUpper(someDigest), "a@b@" + someDigest,
		"host:5000/", "/x", "a//b", "a/../b", "a/./b", "-a", "a-", "a._b", "a___b", "host:port/x", "host:123456/x",
		"-host.io/x",
		"ho st.io/x", "nginx\n", "名", "https://docker.io/library/nginx", strings.Repeat("a/", 130) + "a",
	} {
		_, err := parseReference(written)
		e := assertKind(t, err, failure.InvalidReference)
		shown := strings.NewReplacer(" ", "␣", "\n", `\n`).Replace(written) // a blank at an end is seen too
		if !strings.Contains(e.Error(), shown) {
			t.Errorf("%q is not named: %s", written, e)
		}
	}
}

func TestAReferenceThatHoldsASecretIsShownWithoutIt(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"https://me:" + canaryPassword + "@host.io/x":                     "https://…@host.io/x",
		"me:" + canaryPassword + "@host.io:5000/x:1":                      "…@host.io:5000/x:1",
		"me:" + canaryPassword + "@host.io/x@" + someDigest + "x":         "…@host.io/x@" + someDigest + "x",
		"https://me:p@" + canaryPassword + "/" + canaryToken + "@host.io": "https://…@host.io",
		"host.io/x?X-Signature=" + canaryQuery:                            "host.io/x?…",
	} {
		_, err := parseReference(written)
		if e := assertKind(t, err, failure.InvalidReference); e.Image != want {
			t.Errorf("shown as %q, want %q", e.Image, want)
		}
	}
}

func FuzzParseReference(f *testing.F) {
	for _, seed := range []string{
		"nginx", "docker.io/library/nginx:1", "host:5000/a/b:c@" + someDigest, "[::1]:5/x", "a@b",
		"https://u:p@h/x?q",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		got, err := parseReference(written)
		if err != nil {
			assertKind(t, err, failure.InvalidReference)
			return
		}
		again := canonicalName(got.repo) + ":" + got.tag
		if got.digest != "" {
			again += "@" + got.digest
		}
		second, err := parseReference(again)
		if err != nil || canonicalName(second.repo) != canonicalName(got.repo) || second.tag != got.tag ||
			second.digest != got.digest {
			t.Fatalf("%q became %q, which is read as %+v, %v", written, again, second, err)
		}
		if path := "/" + got.repo.RepositoryStr() + "/manifests/" + got.tag + "/"; strings.Contains(path, "/../") {
			t.Fatalf("%q leads out of its repository: %s", written, path)
		}
	})
}
