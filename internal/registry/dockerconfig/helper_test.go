package dockerconfig

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

// TestAHelperIsAskedOnceForEachHost: it may sign in somewhere, which takes its time.
func TestAHelperIsAskedOnceForEachHost(t *testing.T) {
	programs := t.TempDir()
	asked := filepath.Join(programs, "asked")
	script := fmt.Sprintf("#!/bin/sh\nread host; echo \"$host\" >>%q\n"+
		`printf '{"ServerURL":"%%s","Username":"of %%s","Secret":"p"}' "$host" "$host"`+"\n", asked)
	if err := os.WriteFile(filepath.Join(programs, "docker-credential-counting"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", programs+string(os.PathListSeparator)+os.Getenv("PATH"))
	for label, content := range map[string]string{
		"a store":             `{"credsStore": "counting"}`,
		"a helper for a host": `{"credHelpers": {"r.io": "counting", "s.io": "counting"}}`,
	} {
		_ = os.Remove(asked)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		config := New(dir)
		var lookups sync.WaitGroup
		for _, repository := range []string{"r.io/a", "r.io/b", "r.io/c/d", "s.io/a"} {
			lookups.Go(func() {
				repo, err := name.NewRepository(repository)
				if err != nil {
					t.Error(err)
					return
				}
				found, err := config.Find(t.Context(), repo)
				if err != nil || found.Username != "of "+repo.RegistryStr() {
					t.Errorf("%s: %s: %+v, %v", label, repository, found, err)
				}
			})
		}
		lookups.Wait()
		hosts, err := os.ReadFile(asked)
		if got := strings.Fields(string(hosts)); err != nil || len(got) != 2 {
			t.Errorf("%s: the helper was asked for %q, %v", label, got, err)
		}
	}
}
