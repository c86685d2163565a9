package hostsdir

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
)

// writeFiles makes a directory of files, by their path in it.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mustOpen(t *testing.T, files map[string]string) *Dir {
	t.Helper()
	dir, faults := Open(writeFiles(t, files))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return dir
}

func all(address Address) Endpoint {
	return Endpoint{Address: address, Capabilities: Capabilities{Pull: true, Resolve: true, Referrers: true}}
}

// TestAHostsFileIsReadAsContainerdReadsIt has the examples of containerd's docs/hosts.md.
func TestAHostsFileIsReadAsContainerdReadsIt(t *testing.T) {
	t.Parallel()
	certificate, key := registrytest.NewClientPair(t)
	yes := true
	pull, resolving := all(Address{}), all(Address{})
	pull.Capabilities = Capabilities{Pull: true}
	resolving.Capabilities = Capabilities{Pull: true, Resolve: true}
	at := func(e Endpoint, scheme, host, path string) Endpoint {
		e.Address = Address{Scheme: scheme, Host: host, Path: path}
		return e
	}
	mirror := at(resolving, "https", "docker-mirror.internal", "/v2")
	mirror.CACertificates = certificate + "\n"
	headed := at(resolving, "https", "mirror.registry", "/v2")
	headed.Header = http.Header{"X-Custom-2": {"value1", "value2"}, "X-One": {"one"}}
	headed.DialTimeout, headed.SkipVerify = time.Second, &yes
	for name, test := range map[string]struct {
		file string
		want []Endpoint
	}{
		"the order of the file": {
			`server = "https://registry-1.docker.io"
[host."https://public-mirror.example.com"]
  capabilities = ["pull"]
[host."https://docker-mirror.internal"]
  capabilities = ["pull", "resolve"]
  ca = "mirror.crt"
[host."http://a.example.com"]`,
			[]Endpoint{
				at(pull, "https", "public-mirror.example.com", "/v2"), mirror,
				all(Address{"http", "a.example.com", "/v2"}), all(Address{"https", "registry-1.docker.io", "/v2"}),
			},
		},
		"no server": {
			`[host."https://registry.example.com"]`,
			[]Endpoint{all(Address{"https", "registry.example.com", "/v2"}), all(Address{Path: "/v2"})},
		},
		"a server alone": {
			`server = "https://registry.example.com"`, []Endpoint{all(Address{"https", "registry.example.com", "/v2"})},
		},
		"no scheme": {`server = "r.example.com:5000"`, []Endpoint{all(Address{"https", "r.example.com:5000", "/v2"})}},
		"paths": {
			`[host."https://mirror-bak.registry/us"]
[host."https://m.registry/v2/upstream"]
override_path = true
[host."https://n.registry/v2/"]
[host."https://o.registry"]
override_path = true`,
			[]Endpoint{
				all(Address{"https", "mirror-bak.registry", "/us/v2"}),
				all(Address{"https", "m.registry", "/v2/upstream"}),
				all(Address{"https", "n.registry", "/v2"}),
				all(Address{Scheme: "https", Host: "o.registry"}),
				all(Address{Path: "/v2"}),
			},
		},
		"the rest": {
			`[host."https://mirror.registry"]
  capabilities = ["PULL", "resolve", "push"]
  skip_verify = true
  dial_timeout = "1s"
[host."https://b"]
[host."https://mirror.registry".header]
  x-custom-2 = ["value1", "value2"]
  X-One = "one"`,
			[]Endpoint{headed, all(Address{"https", "b", "/v2"}), all(Address{Path: "/v2"})},
		},
	} {
		dir := mustOpen(t, map[string]string{"x/hosts.toml": test.file, "x/mirror.crt": certificate})
		got, found := dir.Find("x")
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" || !found {
			t.Errorf("%s: %s", name, diff)
		}
	}
	dir := mustOpen(t, map[string]string{
		"x/hosts.toml": "skip_verify = true\n[host.\"https://y\"]\nskip_verify = true",
		"z/hosts.toml": "skip_verify = false",
	})
	if got := dir.ListUnverified(); !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("unverified: %q", got)
	}
	for name, client := range map[string]string{
		"a file": `"both.pem"`, "a list": `["both.pem"]`, "pairs": `[["client.cert", "client.key"]]`,
		"a pair without a key file": `[["both.pem", ""]]`,
	} {
		dir := mustOpen(t, map[string]string{
			"x/hosts.toml": "client = " + client, "x/both.pem": certificate + key,
			"x/client.cert": certificate, "x/client.key": key,
		})
		if got, _ := dir.Find("x"); len(got) != 1 || len(got[0].Client) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAFolderWithoutAFileHasDockersCertificates(t *testing.T) {
	t.Parallel()
	certificate, key := registrytest.NewClientPair(t)
	dir := mustOpen(t, map[string]string{
		"x/ca.crt": certificate, "x/client.cert": certificate, "x/client.key": key, "y/hosts.toml": "", "z": "a file",
	})
	got, _ := dir.Find("x")
	if len(got) != 1 || got[0].CACertificates != certificate+"\n" || len(got[0].Client) != 1 || got[0].Host != "" {
		t.Errorf("%+v", got)
	}
	if got, found := dir.Find("y"); !found || len(got) != 1 || !got[0].Resolve {
		t.Errorf("%+v", got)
	}
	if _, found := dir.Find("z"); found {
		t.Error("a file counts as a folder")
	}
	if _, found := (*Dir)(nil).Find("x"); found {
		t.Error("no directory has folders")
	}
}

func TestAHostHasTheFolderThatContainerdLooksFor(t *testing.T) {
	t.Parallel()
	for host, want := range map[string][]string{
		"r.io":      {"r.io", "_default"},
		"r.io:5000": {"r.io_5000_", "r.io:5000", "_default"},
	} {
		if got := listFolders(host, "linux"); !slices.Equal(got, want) {
			t.Errorf("%s: %q", host, got)
		}
	}
	if got := listFolders("r.io:5000", "windows"); got[1] != "r.io5000" {
		t.Errorf("%q", got)
	}
	dir := mustOpen(t, map[string]string{
		"r.io_5000_/hosts.toml": `server = "https://underscored"`, "r.io:5000/hosts.toml": `server = "https://colon"`,
		"_default/hosts.toml": `server = "https://default"`,
	})
	for host, want := range map[string]string{"r.io:5000": "underscored", "other": "default"} {
		if got, _ := dir.Find(host); len(got) != 1 || got[0].Host != want {
			t.Errorf("%s: %+v", host, got)
		}
	}
}

func TestEveryFaultHasItsFileAndLine(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"a/hosts.toml": "server = \"https://a\"\n\ncapability = [\"pull\"]\n[hosts.\"https://b\"]\n",
		"b/hosts.toml": "server = \"https://a\"\nserver = 1\n",
		"c/hosts.toml": `server = "https://user:canary@a"
ca = "missing.crt"
skip_verify = true
client = 1

[host."http://"]
capabilities = ["fly"]
dial_timeout = "soon"
[host."https://x".header]
a = [1]
[host."https://y?token=canary"]
ca = [2]
client = [["a", "b", "c"]]
`,
		"d/hosts.toml":   `host."https://dotted".skip_verify = true`,
		"e/ca.crt":       "not PEM",
		"f/hosts.toml":   `client = "key.pem"`,
		"f/key.pem":      "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n",
		"..data/ca.crt":  "not PEM",
		"g/hosts.toml/x": "",
	})
	_, faults := Open(dir)
	var got []string
	for _, fault := range faults {
		got = append(got, strings.ReplaceAll(fault.Error(), dir+"/", ""))
	}
	slices.Sort(got)
	want := []string{
		"a/hosts.toml:3: containerd knows no key capability",
		"a/hosts.toml:4: containerd knows no key hosts.https://b",
		"b/hosts.toml:2: ",
		`c/hosts.toml:9: header a is a text, or a list of texts`,
		"c/hosts.toml:11: the URL of a mirror has neither a query nor a fragment",
		"c/hosts.toml:12: ca is a text, or a list of texts",
		"c/hosts.toml:13: client is a file",
		"c/hosts.toml:1: a URL has no credentials",
		"c/hosts.toml:2: the CA certificate cannot be read: open ",
		"c/hosts.toml:4: client is a file",
		"c/hosts.toml:6: write a host with a port",
		`c/hosts.toml:7: containerd knows no capability "fly"`,
		"c/hosts.toml:8: dial_timeout is a duration",
		`d/hosts.toml:1: write [host."https://dotted"] as a table`,
		"e/ca.crt is not a certificate in PEM",
		"f/hosts.toml:1: the client certificate f/key.pem cannot be used",
		"g/hosts.toml cannot be read",
	}
	slices.Sort(want)
	if len(got) != len(want) {
		t.Fatalf("%d faults, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
		if strings.Contains(got[i], "canary") {
			t.Errorf("a secret shows: %s", got[i])
		}
	}
	if _, faults := Open(filepath.Join(dir, "missing")); len(faults) != 1 {
		t.Error(faults)
	}
}

func TestAMirrorIsAHostOrAURL(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]Address{
		"mirror.example.com":                {"", "mirror.example.com", "/v2"},
		"Mirror.example.com:5000":           {"", "mirror.example.com:5000", "/v2"},
		"http-mirror.example.com":           {"", "http-mirror.example.com", "/v2"},
		"https://mirror.example.com":        {"https", "mirror.example.com", "/v2"},
		"http://mirror.example.com/team/":   {"http", "mirror.example.com", "/team/v2"},
		"https://mirror.example.com/v2":     {"https", "mirror.example.com", "/v2"},
		"mirror.example.com/team":           {"", "mirror.example.com", "/team/v2"},
		"https://mirror.example.com:8443/a": {"https", "mirror.example.com:8443", "/a/v2"},
	} {
		got, err := NewMirror(written)
		if err != nil || got.Address != want {
			t.Errorf("%s: %+v, %v", written, got.Address, err)
		}
	}
	for _, written := range []string{
		"", "https://", "ftp://x", "https://u:p@x", "https://x?a=b", "https://x#a", ":5000", "https://[",
	} {
		if got, err := NewMirror(written); err == nil {
			t.Errorf("%q is taken for %+v", written, got.Address)
		}
	}
}

// FuzzHostsFile reads any file.
func FuzzHostsFile(f *testing.F) {
	for _, seed := range []string{
		"", `server = "x"`, "[host.\"https://a\"]\ncapabilities = [\"pull\"]\n[host.\"https://a\".header]\nx = 1",
		`host = {"https://a" = {ca = ["x", 1]}}`, "[[host]]\nx = 1", "client = [[\"a\", \"b\"], \"c\", 1]", "host = 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		endpoints, faults := parseHostsFile("/missing/hosts.toml", []byte(content))
		if len(faults) == 0 && len(endpoints) == 0 {
			t.Error("a file without faults has at least the registry itself")
		}
		for _, fault := range faults {
			if !strings.HasPrefix(fault.Error(), "/missing/hosts.toml:") {
				t.Errorf("a fault without its place: %v", fault)
			}
		}
	})
}
