package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestPlatformsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"": "linux/amd64", "linux/amd64": "linux/amd64", "Linux/AMD64": "linux/amd64", "linux/x86_64": "linux/amd64",
		"linux/amd64/v1": "linux/amd64",
		"linux/amd64/v3": "linux/amd64/v3", "linux/aarch64": "linux/arm64", "linux/arm64/v8": "linux/arm64",
		"linux/arm":   "linux/arm/v7",
		"linux/armhf": "linux/arm/v7", "linux/arm/6": "linux/arm/v6", "linux/i386": "linux/386",
		"linux/s390x": "linux/s390x",
	} {
		if got, err := parsePlatform(written); err != nil || got.String() != want {
			t.Errorf("%q: %s, %v, want %s", written, got, err, want)
		}
	}
	for _, written := range []string{
		"linux", "amd64", "linux/", "/amd64", "linux/arm/v7/x", "linux amd64", "linux/a\nb", "líñux/amd64",
	} {
		_, err := parsePlatform(written)
		assertKind(t, err, failure.InvalidPlatform)
	}
}

func TestCandidatesAreThoseOfContainerdBestFirst(t *testing.T) {
	t.Parallel()
	for written, want := range map[string][]string{
		"linux/amd64":    {"linux/amd64", "linux/386"},
		"linux/amd64/v3": {"linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"},
		"linux/arm64":    {"linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"},
		"linux/arm64/v8.2": {
			"linux/arm64/v8.2", "linux/arm64/v8.1", "linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6",
			"linux/arm/v5",
		},
		"linux/arm64/v9": {
			"linux/arm64/v9", "linux/arm64/v8.5", "linux/arm64/v8.4", "linux/arm64/v8.3", "linux/arm64/v8.2",
			"linux/arm64/v8.1", "linux/arm64",
			"linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5",
		},
		"linux/arm/v6":  {"linux/arm/v6", "linux/arm/v5"},
		"linux/riscv64": {"linux/riscv64"},
	} {
		p, err := parsePlatform(written)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, candidate := range p.listCandidates() {
			got = append(got, candidate.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", written, diff)
		}
	}
}

func FuzzParsePlatform(f *testing.F) {
	f.Add("linux/arm64/v8")
	f.Add("linux/amd64/v99999999999999999999")
	f.Fuzz(func(t *testing.T, written string) {
		p, err := parsePlatform(written)
		if err != nil {
			assertKind(t, err, failure.InvalidPlatform)
			return
		}
		if again, err := parsePlatform(p.String()); err != nil || again != p {
			t.Fatalf("%q is %s, which is %s, %v", written, p, again, err)
		}
		if list := p.listCandidates(); list[0] != p || len(list) > 120 {
			t.Fatalf("%d candidates of %s", len(list), p)
		}
	})
}
