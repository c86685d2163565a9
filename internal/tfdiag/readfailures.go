package tfdiag

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// listedPlatforms bounds how many platforms a text lists: an index is written by others.
const listedPlatforms = 24

// readFailure words one kind of failure to read from a registry. Either function adds to its text
// what depends on the failure, and may be nil.
type readFailure struct {
	summary  string
	headline string
	specify  func(*failure.Error) string
	advice   string
	advise   func(*failure.Error) string
}

// unreadable is the summary of the kinds that have none.
const unreadable = "Image cannot be read"

// storageRefuses is the summary where not the registry refuses, but the host that it redirects to.
const storageRefuses = "Registry's storage refuses the request"

var readFailures = map[failure.Kind]readFailure{
	failure.InvalidReference: {
		summary:  "Not an image reference",
		headline: "this is not a valid image reference",
		advice:   "write it as a Pod would: nginx, docker.io/library/nginx:1.27, or host:port/name@sha256:…",
	},
	failure.InvalidPlatform: {
		summary:  "Not a platform",
		headline: "this is not a platform",
		advice:   "write it as os/architecture or os/architecture/variant: linux/amd64, linux/arm64",
	},
	failure.Unreachable: {
		summary:  "Registry cannot be reached",
		headline: "the connection to the registry failed",
		advice: "check the host's name, the network, and proxies; " +
			"a registry without TLS must be configured as plain HTTP",
	},
	failure.Timeout: {
		summary:  "Registry did not answer in time",
		headline: "no answer in time",
		advice:   "try again, and check the network and proxies",
	},
	failure.TLS: {
		summary:  "Registry's certificate is not trusted",
		headline: "no trusted TLS connection",
		advice:   "configure the CA certificate of this host, or plain HTTP if it has no TLS",
	},
	failure.Unauthorized: {
		summary: "Registry refuses the credentials",
		specify: describeCredentials,
		advise:  adviseCredentials,
	},
	failure.Forbidden: {
		summary:  "Registry denies access",
		headline: "access is denied",
		specify: func(e *failure.Error) string {
			if e.CredentialSource == "" {
				return " without credentials"
			}
			return " with the credentials of " + e.CredentialSource
		},
		advice: "check what these credentials may read",
	},
	failure.NotFound: {
		summary:  "Image does not exist",
		headline: "the registry does not have it",
		advice: "check name, tag and digest; " +
			"some registries hide private images this way, so check credentials too",
	},
	failure.NoPlatform: {
		summary:  "Image does not exist for this platform",
		headline: "there is no image for platform ",
		specify:  func(e *failure.Error) string { return e.Platform + listPlatforms(e.Platforms) },
		advise: func(e *failure.Error) string {
			if len(e.Platforms) == 0 {
				return ""
			}
			return "choose one of these, or another image"
		},
	},
	failure.RateLimited: {
		summary:  "Registry limits the rate of requests",
		headline: "the registry's rate limit is reached",
		specify: func(e *failure.Error) string {
			if e.RetryAfter <= 0 {
				return ""
			}
			return fmt.Sprintf(", it asks to wait %s", e.RetryAfter.Round(time.Second))
		},
		advice: "wait, or configure credentials for this registry: signed-in users have higher limits",
	},
	failure.Unavailable: {
		summary:  "Registry is not available",
		headline: "the registry failed",
		advice:   "try again later",
	},
	failure.Refused: {
		headline: "redirect or token service refused",
		advise:   adviseRefused,
	},
	failure.NotAnImage: {
		summary:  "Not a container image",
		headline: "this is not a container image",
		advice:   "name a container image",
	},
	failure.LayerType: {
		summary:  "Layer cannot be unpacked",
		headline: "containerd cannot unpack a layer of media type ",
		specify:  func(e *failure.Error) string { return e.MediaType },
		advise:   adviseLayerType,
	},
	failure.Pending: {
		summary:  "Registry configuration is not known until apply",
		headline: "the configuration of this registry is not known yet",
		advise: func(e *failure.Error) string {
			return fmt.Sprintf(
				"the provider's registries and docker_config settings for %s depend on resources that are "+
					"changed in this run. Let this data source wait for them with depends_on, apply them first "+
					"with -target, "+
					"or set values that are known at plan time",
				e.Host,
			)
		},
	},
	failure.Malformed:      {headline: "the registry's answer is inconsistent"},
	failure.TooLarge:       {headline: "the registry's answer is too large"},
	failure.DigestMismatch: {headline: "the content does not match its digest"},
	failure.RangeIgnored:   {headline: "the registry ignores range requests"},
}

// summaryOf returns the first line for a failure.
func summaryOf(e *failure.Error) string {
	if e.Elsewhere && (e.Kind == failure.Unauthorized || e.Kind == failure.Forbidden) {
		return storageRefuses
	}
	return cmp.Or(readFailures[e.Kind].summary, unreadable)
}

// outcomeOf returns what went wrong and what the other side said, without image and host.
func outcomeOf(e *failure.Error) string {
	words := readFailures[e.Kind]
	text := words.headline
	if words.specify != nil {
		text += words.specify(e)
	}
	text = cmp.Or(text, string(e.Kind))
	details := e.Details()
	if cause, nested := errors.AsType[*failure.Error](e.Err); nested {
		details = []string{outcomeOf(cause)}
	}
	if len(details) == 0 {
		return text
	}
	return text + " (" + strings.Join(details, ", ") + ")"
}

// adviceOn returns what to do now, "" where there is nothing to say.
func adviceOn(e *failure.Error) string {
	words := readFailures[e.Kind]
	if words.advise != nil {
		return words.advise(e)
	}
	return words.advice
}

// adviseRefused returns the line that allows a destination.
func adviseRefused(e *failure.Error) string {
	settings := "{}"
	if errors.Is(e.Err, failure.ErrDowngrade) {
		settings = "{ plain_http = true }"
	}
	return fmt.Sprintf("if this is intended, write this host into the provider's registries: %q = %s", e.Host, settings)
}

func describeCredentials(e *failure.Error) string {
	if e.Elsewhere {
		return "the registry redirects there, and that host wants credentials, which go to no other host than the " +
			"registry"
	}
	if e.CredentialSource != "" {
		return "the credentials of " + e.CredentialSource + " were refused"
	}
	text := "the registry wants credentials, and none were found in " +
		failure.SourceConfiguration + " or in " + failure.SourceDocker
	if e.CredentialNote != "" {
		text += " [" + e.CredentialNote + "]"
	}
	return text
}

func adviseCredentials(e *failure.Error) string {
	switch {
	case e.Elsewhere:
		return "try again, since such an address may have expired; " +
			"if that does not help, the registry's storage is set up wrongly"
	case e.CredentialSource != "":
		return "check that they are current, and that they may read this repository"
	}
	return "configure credentials for this registry, and check the name: " +
		"many registries say this of images that do not exist"
}

func listPlatforms(platforms []string) string {
	if len(platforms) == 0 {
		return ""
	}
	listed := strings.Join(platforms[:min(len(platforms), listedPlatforms)], ", ")
	if more := len(platforms) - listedPlatforms; more > 0 {
		return fmt.Sprintf(", only for %s and %d more", listed, more)
	}
	return ", only for " + listed
}

func adviseLayerType(e *failure.Error) string {
	if errors.Is(e.Err, failure.ErrEncrypted) {
		return "its files can be counted only without encryption: measure the image as it was before, " +
			"and make sure that the nodes have the keys"
	}
	return "name a container image whose layers are tars: this is a model, a chart, an attestation or another " +
		"artifact, " +
		"or an image for one snapshotter only"
}
