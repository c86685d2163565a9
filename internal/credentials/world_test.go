package credentials_test

import (
	"io/fs"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

// world is an environment and files that a test makes up.
func world(env, files map[string]string) credentials.World {
	return credentials.World{
		Getenv: func(name string) string { return env[name] },
		ReadFile: func(path string) ([]byte, error) {
			content, there := files[path]
			if !there {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(content), nil
		},
	}
}

func resolve(t *testing.T, settings credentials.Settings, env, files map[string]string) credentials.Resolved {
	t.Helper()
	resolved, err := credentials.Resolve(settings, world(env, files))
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}
