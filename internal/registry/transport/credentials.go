package transport

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// credentials are what was found for one repository.
type credentials struct {
	config authn.AuthConfig
	source string // failure.SourceConfiguration, failure.SourceDocker, or "" for none
	note   string // why the lookup failed
}

// basicHeader returns the value of an Authorization header, "" where there is nothing to send (RFC
// 7617).
func (c credentials) basicHeader() string {
	switch {
	case c.config.Username != "" && c.config.Password != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.config.Username+":"+c.config.Password))
	case c.config.Auth != "":
		return "Basic " + c.config.Auth
	}
	return ""
}

// listSecrets returns what neither an error nor a log may show.
func (c credentials) listSecrets() []string {
	list := []string{
		strings.TrimPrefix(c.basicHeader(), "Basic "), c.config.Password, c.config.IdentityToken,
		c.config.RegistryToken,
	}
	if decoded, err := base64.StdEncoding.DecodeString(c.config.Auth); err == nil {
		_, password, _ := strings.Cut(string(decoded), ":")
		list = append(list, password)
	}
	return list
}

func (h Host) configuredCredentials() credentials {
	return credentials{
		config: authn.AuthConfig{Username: h.Username, Password: h.Password}, source: failure.SourceConfiguration,
	}
}

// findCredentials looks at the configuration of the host, and then at Docker's. Where the latter
// fails, the error is noted for the failure that may follow, and reading goes on without
// credentials: most images are public.
func (r *Registries) findCredentials(ctx context.Context, repo name.Repository) (credentials, error) {
	if host, _ := r.hosts.find(repo.RegistryStr()); host.Username != "" {
		return host.configuredCredentials(), nil
	}
	found, err := r.docker.Find(ctx, repo)
	if ctx.Err() != nil {
		return credentials{}, context.Cause(ctx)
	}
	if err != nil {
		note := r.secrets.Text(err.Error(), failure.MaxWords)
		r.Log(ctx, "Docker's configuration gave no credentials", map[string]any{
			"host": repo.RegistryStr(), "reason": note,
		})
		return credentials{note: note}, nil
	}
	if found == (authn.AuthConfig{}) {
		return credentials{}, nil
	}
	return credentials{config: found, source: failure.SourceDocker}, nil
}
