package transport

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const (
	user           = "canary-user"
	canaryPassword = "canary-Passw0rd"
	canaryQuery    = "canary-s1gnature"
)

func TestHostsAreCheckedWithoutARequest(t *testing.T) {
	t.Parallel()
	for name, hosts := range map[string]map[string]Host{
		"a URL":                     {"https://me:" + canaryPassword + "@host.io/": {}},
		"a path":                    {"host.io/v1": {}},
		"a password alone":          {"host.io": {Password: canaryPassword}},
		"a username alone":          {"host.io": {Username: user}},
		"a certificate that is not": {"host.io": {CACertificate: canaryPassword}},
		"Docker Hub twice":          {"docker.io": {}, "index.docker.io": {}},
	} {
		_, err := New(Config{Hosts: hosts})
		if err == nil {
			t.Errorf("%s is accepted", name)
			continue
		}
		if strings.Contains(err.Error(), canaryPassword) {
			t.Errorf("a secret shows: %v", err)
		}
	}
	for _, hub := range []string{"docker.io", "index.docker.io", "registry-1.docker.io", "DOCKER.IO"} {
		c, err := New(Config{Hosts: map[string]Host{hub: {Username: user, Password: canaryPassword}}})
		if err != nil {
			t.Fatal(err)
		}
		repo, err := name.NewRepository("nginx")
		if err != nil {
			t.Fatal(err)
		}
		found, err := c.findCredentials(t.Context(), repo)
		if err != nil || found.source != failure.SourceConfiguration {
			t.Errorf("%s: %v %v", hub, found.source, err)
		}
	}
}
