// Package dockerconfig looks up registry credentials in Docker's configuration, or else in
// Podman's, and in the credential helpers that they name.
package dockerconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker-credential-helpers/client"
	helpers "github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/sync/semaphore"
)

// Config is one configuration. Its file is read anew for each lookup, and a helper asked once for
// each host: it may take as long as signing in does. It is safe for concurrent use.
type Config struct {
	dir        string
	helperSlot *semaphore.Weighted // helpers are run one at a time
	answers    map[question]types.AuthConfig
}

// question is what a helper was asked. What failed is asked again.
type question struct{ helper, key string }

// New returns the configuration in a directory, or with "" the one that Docker's rules lead to. It
// reads nothing.
func New(dir string) *Config {
	return &Config{dir: dir, helperSlot: semaphore.NewWeighted(1), answers: map[question]types.AuthConfig{}}
}

// Find returns the credentials for a repository: those of the repository itself, or else of its
// registry. They are the zero value where the configuration has none.
func (c *Config) Find(ctx context.Context, repo name.Repository) (authn.AuthConfig, error) {
	file, err := loadFile(c.dir)
	if err != nil || file == nil {
		return authn.AuthConfig{}, err
	}
	for _, key := range keysOf(repo, file) {
		found, err := c.findEntry(ctx, file, key)
		if err != nil {
			return authn.AuthConfig{}, err
		}
		found.ServerAddress = ""
		if found != (types.AuthConfig{}) {
			return authn.AuthConfig{
				Username: found.Username, Password: found.Password, Auth: found.Auth,
				IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
			}, nil
		}
	}
	return authn.AuthConfig{}, nil
}

// keysOf returns the keys under which a file may have the credentials for a repository, in the
// order in which they are looked up: Docker's, and then those of podman, buildah and skopeo, which
// write docker.io for Docker Hub, and may write a namespace (containers-auth.json(5)).
func keysOf(repo name.Repository, file *configfile.ConfigFile) []string {
	host, docker := repo.RegistryStr(), repo.RegistryStr()
	if host == name.DefaultRegistry {
		host, docker = dockerHub, authn.DefaultAuthKey
	}
	keys := []string{repo.String()}
	var namespaces []string // from the repository itself to the first part of its path
	for path := repo.RepositoryStr(); path != ""; path = path[:max(strings.LastIndex(path, "/"), 0)] {
		if _, written := file.AuthConfigs[host+"/"+path]; written {
			namespaces = append(namespaces, host+"/"+path)
		}
	}
	if host == docker {
		return append(append(keys, namespaces...), host)
	}
	return append(append(keys, docker), append(namespaces, host)...)
}

// dockerHub is podman's name for Docker Hub.
const dockerHub = "docker.io"

// loadFile reads the config.json of a directory, which must be there, or without a directory the
// file that go-containerregistry would take (authn.DefaultKeychain): Docker's, or else Podman's. It
// returns nil where there is none.
func loadFile(dir string) (*configfile.ConfigFile, error) {
	if dir != "" {
		if _, err := os.Stat(filepath.Join(dir, config.ConfigFileName)); err != nil {
			return nil, fmt.Errorf("Docker's configuration cannot be read: %w", err)
		}
		return config.Load(dir)
	}
	home, _ := os.UserHomeDir() // "" without one
	for _, dir := range []string{filepath.Join(home, ".docker"), os.Getenv(config.EnvOverrideConfigDir)} {
		if dir != "" && isFile(filepath.Join(dir, config.ConfigFileName)) {
			return config.Load(os.Getenv(config.EnvOverrideConfigDir))
		}
	}
	for _, path := range podmanFiles(home) {
		if isFile(path) {
			return readConfigFile(path)
		}
	}
	if os.Getenv(configfile.DockerEnvConfigKey) != "" {
		return configfile.New(""), nil
	}
	return nil, nil
}

// podmanFiles are the files that Podman reads, the first one first.
func podmanFiles(home string) []string {
	settings := os.Getenv("XDG_CONFIG_HOME")
	if settings == "" {
		settings = filepath.Join(home, ".config")
	}
	return []string{
		os.Getenv("REGISTRY_AUTH_FILE"),
		filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "containers", "auth.json"),
		filepath.Join(settings, "containers", "auth.json"),
	}
}

func readConfigFile(path string) (*configfile.ConfigFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return config.LoadFromReader(file)
}

func isFile(path string) bool {
	info, err := os.Stat(path) //nolint:gosec // likewise
	return err == nil && !info.IsDir()
}

// findEntry returns the entry of a key: of the environment (DOCKER_AUTH_CONFIG), of the credential
// helper that the file names, or of the file.
func (c *Config) findEntry(ctx context.Context, file *configfile.ConfigFile, key string) (types.AuthConfig, error) {
	helper, named := file.CredentialHelpers[key]
	if !named {
		helper = file.CredentialsStore
	}
	if helper == "" && key == dockerHub { // Docker's code takes this for its own key
		return file.AuthConfigs[key], nil
	}
	if helper == "" {
		return file.GetAuthConfig(key)
	}
	if os.Getenv(configfile.DockerEnvConfigKey) != "" {
		if found, err := configfile.New("").GetAuthConfig(key); err == nil && found != (types.AuthConfig{}) {
			return found, nil
		}
	}
	if !named && strings.Contains(key, "/") && key != authn.DefaultAuthKey {
		return file.AuthConfigs[key], nil // a store knows servers, and no repositories
	}
	return c.askHelper(ctx, helper, key)
}

// helperLinger is how long a helper that was ended may keep its output open.
const helperLinger = time.Second

// askHelper returns what a helper answered before, or runs it. Helpers are run one at a time.
func (c *Config) askHelper(ctx context.Context, helper, key string) (types.AuthConfig, error) {
	if err := c.helperSlot.Acquire(ctx, 1); err != nil {
		return types.AuthConfig{}, err
	}
	defer c.helperSlot.Release(1)
	if known, asked := c.answers[question{helper, key}]; asked {
		return known, nil
	}
	answer, err := runHelper(ctx, helper, key)
	if err == nil {
		c.answers[question{helper, key}] = answer
	}
	return answer, err
}

// runHelper asks a credential helper, no longer than the context lives: it is a program that may
// wait for input from a user.
//
// Docker's own code lets a helper write to the standard error of this process, which Terraform
// logs. Here it goes to a buffer. When a helper fails, what it wrote may hold secrets that nothing
// else knows: only plain words of it are quoted.
func runHelper(ctx context.Context, helper, key string) (types.AuthConfig, error) {
	output := &helperOutput{}
	program := func(arguments ...string) client.Program {
		//nolint:gosec // the user's configuration names it
		command := exec.CommandContext(ctx, "docker-credential-"+helper, arguments...)
		command.Stderr, command.WaitDelay = &output.errors, helperLinger
		return helperProgram{command, output}
	}
	found, err := client.Get(program, key)
	switch {
	case ctx.Err() != nil:
		return types.AuthConfig{}, context.Cause(ctx)
	case helpers.IsErrCredentialsNotFound(err):
		return types.AuthConfig{}, nil
	case err != nil:
		return types.AuthConfig{}, output.explainFailure(helper)
	case found.Username == "<token>": // Docker's protocol for identity tokens
		return types.AuthConfig{IdentityToken: found.Secret}, nil
	}
	return types.AuthConfig{Username: found.Username, Password: found.Secret}, nil
}

// helperOutput is what a helper wrote, and how it ended.
type helperOutput struct {
	words  []byte
	errors boundedBuffer
	failed error
}

// explainFailure names the helper that failed, and quotes it as far as that is safe.
func (o *helperOutput) explainFailure(helper string) error {
	if o.failed == nil { // it ended well, and what it printed is no credential
		return fmt.Errorf(
			"credential helper docker-credential-%s: its output is not what the protocol asks for", helper)
	}
	text := fmt.Sprintf("credential helper docker-credential-%s: %v", helper, o.failed)
	if _, ran := errors.AsType[*exec.ExitError](o.failed); !ran {
		return errors.New(text) // the text has the program's name and the reason
	}
	words := o.words
	if len(bytes.TrimSpace(words)) == 0 {
		words = o.errors.Bytes()
	}
	return errors.New(text + "; " + quoteHelper(words))
}

// helperProgram is a command as the helpers' client runs it.
type helperProgram struct {
	*exec.Cmd
	output *helperOutput
}

func (p helperProgram) Input(in io.Reader) { p.Stdin = in }

// Output runs the helper.
func (p helperProgram) Output() ([]byte, error) {
	p.output.words, p.output.failed = p.Cmd.Output()
	return p.output.words, p.output.failed
}
