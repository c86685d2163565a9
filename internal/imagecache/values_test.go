package imagecache

import (
	"slices"
	"testing"
)

func TestSpellings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ asked, told, want []string }{
		"as asked for": {[]string{"nginx"}, []string{"nginx"}, []string{"nginx"}},
		"in full": {
			[]string{"nginx", "r.example.com/a:1"}, []string{"docker.io/library/nginx:latest", "r.example.com/a:1"},
			[]string{"nginx", "r.example.com/a:1"},
		},
		"two words for one": {
			[]string{"nginx", "nginx:latest"}, []string{"index.docker.io/library/nginx:latest"},
			[]string{"nginx", "nginx:latest"},
		},
		"in full, with another": {
			[]string{"nginx"}, []string{"docker.io/library/nginx:latest", "b:1"}, []string{"b:1", "nginx"},
		},
		"another tag": {
			[]string{"nginx:1"}, []string{"docker.io/library/nginx:2"}, []string{"docker.io/library/nginx:2"},
		},
		"another tag of one digest": {
			[]string{"a:1@sha256:00"}, []string{"a:2@sha256:00"}, []string{"a:2@sha256:00"},
		},
		"what is no reference at all": {[]string{"a:1"}, []string{"?"}, []string{"?"}},
		"nothing known, after import": {
			nil, []string{"docker.io/library/nginx:latest"}, []string{"docker.io/library/nginx:latest"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := toStrings(keepConfiguredSpelling(test.told, toSet(test.asked))); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
