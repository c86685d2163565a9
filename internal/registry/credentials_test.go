package registry

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestTheConfigurationOfAHostGoesBeforeDockers(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantBasic(user, canaryPassword)
	config := quick(t)
	config.Transport.DockerConfigDir = dockerConfig(t, map[string]any{
		"auths": map[string]any{s.host(): map[string]string{"username": "docker", "password": "wrong"}},
	})
	config.Transport.Hosts = withPassword(s.host())
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
}

func TestDockersConfigurationIsReadForHostsAndRepositories(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantBasic(user, canaryPassword)
	right := map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + canaryPassword))}
	wrong := map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte("a:b"))}
	for name, auths := range map[string]map[string]any{
		"host":                    {s.host(): right},
		"URL":                     {"http://" + s.host() + "/v1/": right},
		"repository, before host": {s.host() + "/x": right, s.host(): wrong},
	} {
		config := quick(t)
		config.Transport.DockerConfigDir = dockerConfig(t, map[string]any{"auths": auths})
		if _, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCredentialHelpersAreRun(t *testing.T) {
	helpers := t.TempDir()
	helper := func(name, script string) {
		err := os.WriteFile(filepath.Join(helpers, "docker-credential-"+name), []byte("#!/bin/sh\n"+script), 0o700)
		if err != nil {
			t.Fatal(err)
		}
	}
	helper(
		"good",
		`read host; echo "{\"ServerURL\":\"$host\",\"Username\":\"`+user+`\",\"Secret\":\"`+canaryPassword+`\"}"`,
	)
	helper("none", `echo "credentials not found in native keychain"; exit 1`)
	helper("bad", `echo "`+canaryPassword+` could not be unlocked"; exit 1`)
	helper("slow", `exec sleep 2`)
	t.Setenv("PATH", helpers+":"+os.Getenv("PATH"))

	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantBasic(user, canaryPassword)
	resolve := func(helper string) error {
		config := quick(t)
		config.Transport.DockerConfigDir = dockerConfig(t, map[string]any{
			"credHelpers": map[string]string{s.host(): helper},
		})
		ctx, cancel := contextFor(t, 500*time.Millisecond)
		defer cancel()
		_, err := newClient(t, config).Resolve(ctx, s.host()+"/x:1", "")
		return err
	}
	if err := resolve("good"); err != nil {
		t.Error(err)
	}
	for helper, noted := range map[string]bool{"none": false, "bad": true, "missing": true} {
		e := assertKind(t, resolve(helper), failure.Unauthorized)
		if e.CredentialSource != "" || (e.CredentialNote != "") != noted {
			t.Errorf("%s: %+v", helper, e)
		}
	}
	began := time.Now()
	assertKind(t, resolve("slow"), failure.Timeout)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a helper that waits was waited for %s", took)
	}
}

func TestWithoutADirectoryDockersOwnRulesHold(t *testing.T) {
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantBasic(user, canaryPassword)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("DOCKER_CONFIG", dockerConfig(t, map[string]any{"auths": map[string]any{s.host(): map[string]string{
		"auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + canaryPassword)),
	}}}))
	config := quick(t)
	config.Transport.DockerConfigDir = ""
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
}

func TestABrokenDockerConfigurationStopsOnlyWhatNeedsIt(t *testing.T) {
	t.Parallel()
	broken := dockerConfig(t, []byte(`{"auths": {"x": {"auth": "`+canaryPassword+`"}}}`))
	public, private := newStand(t), newStand(t)
	public.image("x", "1", "linux/amd64", []byte("a"))
	public.wantToken(newTokens(t, newStand(t), anyone))
	private.wantBasic(user, canaryPassword)
	for _, dir := range []string{broken, filepath.Join(broken, "missing")} {
		config := quick(t)
		config.Transport.DockerConfigDir = dir
		c := newClient(t, config)
		mustResolve(t, c, public.host()+"/x:1", "")
		_, err := c.Resolve(t.Context(), private.host()+"/x:1", "")
		if e := assertKind(t, err, failure.Unauthorized); e.CredentialNote == "" ||
			!strings.Contains(e.Error(), e.CredentialNote) {
			t.Errorf("%+v", e)
		}
	}
}
