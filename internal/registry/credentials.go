package registry

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// credentials are what was found for one repository.
type credentials struct {
	authn.AuthConfig
	source string // SourceConfiguration, SourceDocker, or "" when there are none
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
	return []string{strings.TrimPrefix(c.basic(), "Basic "), c.Password, c.IdentityToken, c.RegistryToken}
}

// credentialsFor looks first at the configuration of the host, then at Docker's; what fails there is remembered for the
// error that may follow, and the read goes on without credentials: most images are public.
func (c *Client) credentialsFor(ctx context.Context, repo name.Repository) (credentials, error) {
	if host := c.hosts[hostKey(repo.RegistryStr())]; host.Username != "" {
		return credentials{
			AuthConfig: authn.AuthConfig{Username: host.Username, Password: host.Password},
			source:     SourceConfiguration,
		}, nil
	}
	found, err := c.dockerCredentials(ctx, repo)
	if ctx.Err() != nil {
		return credentials{}, context.Cause(ctx)
	}
	if err != nil {
		note := lookupFailure(err)
		c.log(ctx, "Docker's configuration gave no credentials", map[string]any{"host": repo.RegistryStr(), "reason": note})
		return credentials{note: note}, nil
	}
	if *found == (authn.AuthConfig{}) {
		return credentials{}, nil
	}
	return credentials{AuthConfig: *found, source: SourceDocker}, nil
}

// dockerCredentials does not outlive the context, though a credential helper does: it is a program that may wait for
// somebody to type.
func (c *Client) dockerCredentials(ctx context.Context, repo name.Repository) (*authn.AuthConfig, error) {
	type result struct {
		found *authn.AuthConfig
		err   error
	}
	done := make(chan result, 1)
	go func() {
		auth, err := authn.Resolve(ctx, c.keychain, repo)
		if err != nil {
			done <- result{nil, err}
			return
		}
		found, err := authn.Authorization(ctx, auth)
		done <- result{found, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-done:
		return r.found, r.err
	}
}

// lookupFailure leaves out what a credential helper printed: nobody knows what that is.
func lookupFailure(err error) string {
	text, _, _ := strings.Cut(err.Error(), ", out: `")
	return plainWords(text, nil)
}

// dockerKeychain follows Docker's rules, or reads the config.json of one directory.
func dockerKeychain(dir string) authn.Keychain {
	if dir == "" {
		return authn.DefaultKeychain
	}
	return &configDir{dir: dir}
}

// configDir is a keychain over a directory with a config.json. Docker's own code reads it and runs credential helpers.
type configDir struct {
	dir string
	mu  sync.Mutex // helpers are run one at a time, as go-containerregistry does
}

func (d *configDir) Resolve(target authn.Resource) (authn.Authenticator, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := os.Stat(filepath.Join(d.dir, config.ConfigFileName)); err != nil {
		return nil, fmt.Errorf("Docker's configuration cannot be read: %w", err)
	}
	file, err := config.Load(d.dir)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{target.String(), target.RegistryStr()} {
		found, err := file.GetAuthConfig(key)
		if err != nil {
			return nil, err
		}
		found.ServerAddress = ""
		if found != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: found.Username, Password: found.Password, Auth: found.Auth,
				IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, nil
}
