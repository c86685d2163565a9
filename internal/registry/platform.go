package registry

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// DefaultPlatform is what an empty platform stands for, and what super nodes run.
const DefaultPlatform = "linux/amd64"

var platformPart = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// platform is an operating system, an architecture and perhaps a variant, in the normal form of
// https://pkg.go.dev/github.com/containerd/platforms#Normalize. Features are what an image asks of
// the operating system (os.features), sorted; a node has none. A version (os.version) counts for
// Windows alone, and for no node of ours.
type platform struct{ os, arch, variant, features string }

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
		return platform{}, failure.New(failure.InvalidPlatform, "%q", redact.Line(s, failure.MaxWords))
	}
	parts = append(parts, "")
	return normalizePlatform(parts[0], parts[1], parts[2]), nil
}

func normalizePlatform(os, arch, variant string) platform {
	p := platform{os: strings.ToLower(os), arch: strings.ToLower(arch), variant: strings.ToLower(variant)}
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
		switch p.variant {
		case "8", "v8", "v8.0":
			p.variant = ""
		case "9", "9.0", "v9.0":
			p.variant = "v9"
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

// String writes a platform as containerd does
// (https://pkg.go.dev/github.com/containerd/platforms#FormatAll).
func (p platform) String() string {
	text := p.os
	if p.features != "" {
		text += "(+" + p.features + ")"
	}
	text += "/" + p.arch
	if p.variant != "" {
		text += "/" + p.variant
	}
	return text
}

// listCandidates lists what a node of this platform runs, best first, as containerd chooses
// (https://pkg.go.dev/github.com/containerd/platforms#Only): lower variants, then the 32-bit
// sibling.
func (p platform) listCandidates() []platform {
	list := []platform{p}
	with := func(arch, variant string) { list = append(list, normalizePlatform(p.os, arch, variant)) }
	level, err := strconv.Atoi(strings.TrimPrefix(p.variant, "v"))
	numbered := err == nil && level < 100
	switch p.arch {
	case "amd64":
		for ; numbered && level > 1; level-- {
			with("amd64", "v"+strconv.Itoa(level-1))
		}
		with("386", "")
	case "arm":
		for ; numbered && level > 5; level-- {
			with("arm", "v"+strconv.Itoa(level-1))
		}
	case "arm64":
		for _, lower := range lowerARM64(p.variant) {
			with("arm64", lower)
		}
		for level := 8; level >= 5; level-- {
			with("arm", "v"+strconv.Itoa(level))
		}
	}
	return list
}

var arm64Variant = regexp.MustCompile(`^v([89])(?:\.([0-9]))?$`)

// lowerARM64 lists the variants below one. ARMv9.n has what ARMv8.(n+5) has.
func lowerARM64(variant string) []string {
	parts := arm64Variant.FindStringSubmatch(variant)
	if parts == nil {
		return nil
	}
	minor, _ := strconv.Atoi("0" + parts[2])
	var list []string
	for n := minor - 1; n >= 0; n-- {
		list = append(list, fmt.Sprintf("v%s.%d", parts[1], n))
	}
	if parts[1] == "9" {
		for n := min(minor+5, 9); n >= 0; n-- {
			list = append(list, fmt.Sprintf("v8.%d", n))
		}
	}
	return list
}

// rank returns how well an image of platform have serves: 0 is best, negative means not at all.
func (p platform) rank(have platform) int { return slices.Index(p.listCandidates(), have) }

// platformOf returns the platform that an index states for an entry; known is false when it states
// none. One that is empty matches no node, and neither does the unknown/unknown of BuildKit's
// attestations (https://docs.docker.com/build/metadata/attestations/attestation-storage/).
func platformOf(d v1.Descriptor) (p platform, known bool) {
	if d.Platform == nil {
		return platform{}, false
	}
	p = normalizePlatform(d.Platform.OS, d.Platform.Architecture, d.Platform.Variant)
	p.features = strings.Join(slices.Sorted(slices.Values(d.Platform.OSFeatures)), "+")
	return p, true
}

// isNamed is true for the platforms that an error lists.
func (p platform) isNamed() bool { return p.os != "" && p.os != "unknown" && p.arch != "" }
