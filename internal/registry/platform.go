package registry

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// DefaultPlatform is what an empty platform stands for, and what super nodes run.
const DefaultPlatform = "linux/amd64"

var platformPart = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// platform is an operating system, an architecture and perhaps a variant, in the normal form of
// https://pkg.go.dev/github.com/containerd/platforms#Normalize.
type platform struct{ os, arch, variant string }

func parsePlatform(s string) (platform, error) {
	if s == "" {
		s = DefaultPlatform
	}
	parts := strings.Split(strings.ToLower(s), "/")
	valid := len(parts) == 2 || len(parts) == 3
	for _, part := range parts {
		valid = valid && platformPart.MatchString(part)
	}
	if !valid {
		return platform{}, &Error{Kind: KindInvalidPlatform, Err: errors.New(strconv.Quote(plainWords(s, nil)))}
	}
	parts = append(parts, "")
	return normalized(parts[0], parts[1], parts[2]), nil
}

func normalized(os, arch, variant string) platform {
	p := platform{strings.ToLower(os), strings.ToLower(arch), strings.ToLower(variant)}
	switch p.arch {
	case "i386":
		p.arch, p.variant = "386", ""
	case "x86_64", "x86-64", "amd64":
		p.arch = "amd64"
		if p.variant == "v1" {
			p.variant = ""
		}
	case "aarch64", "arm64":
		p.arch = "arm64"
		if p.variant == "8" || p.variant == "v8" {
			p.variant = ""
		}
	case "armhf":
		p.arch, p.variant = "arm", "v7"
	case "armel":
		p.arch, p.variant = "arm", "v6"
	case "arm":
		p.variant = armVariant(p.variant)
	}
	return p
}

func armVariant(variant string) string {
	switch variant {
	case "", "7":
		return "v7"
	case "5", "6", "8":
		return "v" + variant
	}
	return variant
}

func (p platform) String() string {
	if p.variant == "" {
		return p.os + "/" + p.arch
	}
	return p.os + "/" + p.arch + "/" + p.variant
}

// candidates lists what a node of this platform runs, best first, as containerd chooses
// (https://pkg.go.dev/github.com/containerd/platforms#Only): lower variants, then the 32-bit sibling.
func (p platform) candidates() []platform {
	list := []platform{p}
	with := func(arch, variant string) { list = append(list, normalized(p.os, arch, variant)) }
	level, numbered := strings.CutPrefix(p.variant, "v")
	n, err := strconv.Atoi(level)
	numbered = numbered && err == nil && n < 100
	switch p.arch {
	case "amd64":
		for ; numbered && n > 1; n-- {
			with("amd64", "v"+strconv.Itoa(n-1))
		}
		with("386", "")
	case "arm":
		for ; numbered && n > 5; n-- {
			with("arm", "v"+strconv.Itoa(n-1))
		}
	case "arm64":
		if p.variant != "" {
			with("arm64", "")
		}
		for n := 8; n >= 5; n-- {
			with("arm", "v"+strconv.Itoa(n))
		}
	}
	return list
}

// rank says how well an image of platform have serves: 0 is best, negative means not at all.
func (p platform) rank(have platform) int { return slices.Index(p.candidates(), have) }

// ofDescriptor is the platform that an index gives for an entry; known is false when it gives none.
func ofDescriptor(d v1.Descriptor) (p platform, known bool) {
	if d.Platform == nil || d.Platform.OS == "" && d.Platform.Architecture == "" {
		return platform{}, false
	}
	return normalized(d.Platform.OS, d.Platform.Architecture, d.Platform.Variant), true
}

// notForRunning is true for entries that describe an image instead of being one: BuildKit stores attestations under the
// platform unknown/unknown (https://docs.docker.com/build/metadata/attestations/attestation-storage/).
func notForRunning(d v1.Descriptor) bool {
	p, known := ofDescriptor(d)
	return known && p.os == "unknown" || d.Annotations["vnd.docker.reference.type"] == "attestation-manifest"
}
