package registry

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
	authn.AuthConfig
	source string // failure.SourceConfiguration, failure.SourceDocker, or "" when there are none
	note   string // why a lookup failed
}

// basic is the value of an Authorization header, "" when there is nothing to send (RFC 7617).
func (c credentials) basic() string {
	switch {
	case c.Username != "" && c.Password != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
	case c.Auth != "":
		return "Basic " + c.Auth
	}
	return ""
}

// secrets are the texts that must never be seen.
func (c credentials) secrets() []string {
	list := []string{strings.TrimPrefix(c.basic(), "Basic "), c.Password, c.IdentityToken, c.RegistryToken}
	if decoded, err := base64.StdEncoding.DecodeString(c.Auth); err == nil {
		_, password, _ := strings.Cut(string(decoded), ":")
		list = append(list, password)
	}
	return list
}

// credentialsFor looks first at the configuration of the host, then at Docker's; what fails there is remembered for the
// error that may follow, and the read goes on without credentials: most images are public.
func (c *Client) credentialsFor(ctx context.Context, repo name.Repository) (credentials, error) {
	if host := c.hosts[hostKey(repo.RegistryStr())]; host.Username != "" {
		return credentials{
			AuthConfig: authn.AuthConfig{Username: host.Username, Password: host.Password},
			source:     failure.SourceConfiguration,
		}, nil
	}
	found, err := c.dockerCredentials(ctx, repo)
	if ctx.Err() != nil {
		return credentials{}, context.Cause(ctx)
	}
	if err != nil {
		note := c.secrets.Text(err.Error(), failure.MaxWords)
		c.log(ctx, "Docker's configuration gave no credentials", map[string]any{"host": repo.RegistryStr(), "reason": note})
		return credentials{note: note}, nil
	}
	if found == (authn.AuthConfig{}) {
		return credentials{}, nil
	}
	return credentials{AuthConfig: found, source: failure.SourceDocker}, nil
}
