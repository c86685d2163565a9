package registry

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// The grammar of https://pkg.go.dev/github.com/distribution/reference, which containerd and the
// kubelet use. go-containerregistry takes more (an empty path component, a leading dot in a tag): a
// Pod would then refuse the image.
var (
	pathGrammar = regexp.MustCompile(
		`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`,
	)
	tagGrammar = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
)

const (
	maxNameLength = 255
	maxTagLength  = 128
)

var errNotResolved = errors.New("the image was not resolved")

// reference is a parsed image reference. The digest decides when there is one: that is what
// containerd does with name:tag@digest.
type reference struct {
	written string
	repo    name.Repository
	tag     string
	digest  string
}

// HostOf returns the registry host of an image reference, as containerd and a Pod name it. The
// error is a *failure.Error that says what is wrong with the reference.
func HostOf(written string) (string, error) {
	parsed, err := parseReference(written)
	if err != nil {
		return "", err
	}
	return CanonicalHost(parsed.repo.RegistryStr()), nil
}

// CanonicalHost returns the one spelling of a registry's host: lower-case, and docker.io for each
// name of Docker Hub.
func CanonicalHost(host string) string {
	switch host = strings.ToLower(host); host {
	case name.DefaultRegistry, "registry-1.docker.io":
		return transport.DockerHub
	}
	return host
}

func parseReference(written string) (reference, error) {
	fail := func(reason error) (reference, error) {
		return reference{}, &failure.Error{
			Image: failure.RedactReference(written), Kind: failure.InvalidReference, Err: reason,
		}
	}
	if strings.ContainsFunc(written, unicode.IsSpace) {
		return fail(errors.New("a reference has no blanks (" + failure.BlankMark + ` is a space, \n a line break)`))
	}
	if strings.Contains(written, "://") {
		return fail(errors.New("a reference has no scheme such as https://"))
	}
	if at := strings.IndexFunc(written, func(r rune) bool { return r > unicode.MaxASCII }); at >= 0 {
		foreign, _ := utf8.DecodeRuneInString(written[at:])
		return fail(fmt.Errorf("a reference has ASCII characters alone, and %q (%[1]U) is none", foreign))
	}
	rest, digest, pinned := strings.Cut(written, "@")
	if pinned {
		if _, err := v1.NewHash(digest); err != nil {
			return fail(errors.New("after the @ stands a digest, sha256: and 64 hexadecimal digits"))
		}
	}
	repository, tag := splitTag(rest)
	if tag != "" && (len(tag) > maxTagLength || !tagGrammar.MatchString(tag)) {
		return fail(errors.New("a tag has at most 128 letters, digits, dots, dashes and underscores, " +
			"and begins with none of dot and dash"))
	}
	if strings.HasSuffix(rest, ":") {
		return fail(errors.New("after the colon stands a tag"))
	}
	repo, err := parseRepository(repository)
	if err != nil {
		return fail(err)
	}
	if tag == "" {
		tag = name.DefaultTag
	}
	return reference{written: written, repo: repo, tag: tag, digest: digest}, nil
}

// ImpliedTag returns the tag that a reference stands for in which none is written, and no digest;
// "" for any other reference.
func ImpliedTag(written string) string {
	ref, err := parseReference(written)
	if _, tag := splitTag(written); err != nil || tag != "" || ref.digest != "" {
		return ""
	}
	return ref.tag
}

// splitTag splits name:tag. A colon before a slash belongs to a port.
func splitTag(s string) (string, string) {
	colon := strings.LastIndex(s, ":")
	if colon < 0 || strings.Contains(s[colon:], "/") {
		return s, ""
	}
	return s[:colon], s[colon+1:]
}

func parseRepository(s string) (name.Repository, error) {
	repo, err := name.NewRepository(s)
	switch {
	case s == "":
		return name.Repository{}, errors.New("it is empty, or has no name")
	case isHostAlone(s):
		return name.Repository{}, errors.New("it is the name of a host or of a file, and of no image")
	case err != nil && s != strings.ToLower(s):
		return name.Repository{}, errors.New("a repository's name is lower-case")
	case err != nil || !pathGrammar.MatchString(repo.RepositoryStr()):
		return name.Repository{}, errors.New("a repository's name has lower-case letters and digits, " +
			"with single separators (. _ - /) between them")
	case !transport.IsHost(repo.RegistryStr()):
		return name.Repository{}, errors.New("a registry is a host name or an address, and perhaps a port")
	case len(canonicalName(repo)) > maxNameLength:
		return name.Repository{}, fmt.Errorf("a repository's name has at most %d characters", maxNameLength)
	}
	return repo, nil
}

// hostAlone is a domain name or an IPv4 address. Without a slash it would be an image of Docker
// Hub's library, where none is called like a host.
var hostAlone = regexp.MustCompile(`^([a-z0-9-]+\.)+([a-z]{2,}|[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})$`)

func isHostAlone(s string) bool { return hostAlone.MatchString(strings.ToLower(s)) }

// canonicalName returns the repository as containerd and a Pod name it. go-containerregistry writes
// Docker Hub as index.docker.io, where its API is; users and containerd write docker.io.
func canonicalName(repo name.Repository) string {
	host := repo.RegistryStr()
	if host == name.DefaultRegistry {
		host = transport.DockerHub
	}
	return host + "/" + repo.RepositoryStr()
}
