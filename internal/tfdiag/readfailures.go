package tfdiag

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

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

// schemesDiffer is the summary where one side speaks TLS and the other plain HTTP.
const schemesDiffer = "Registry and provider differ about TLS"

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
		advice: "check the host's name, the network, and proxies; a registry that is reached through a mirror needs " +
			"mirrors in the provider's registries, and one without TLS plain_http",
	},
	failure.Timeout: {
		summary:  "Registry did not answer in time",
		headline: "no answer in time",
		advice:   "try again, and check the network and proxies",
	},
	failure.TLS: {
		summary: "Registry's certificate is not trusted",
		specify: describeTLS,
		advise:  adviseTLS,
	},
	failure.Proxy: {
		summary: "Proxy does not let the request through",
		specify: describeProxy,
		advise:  adviseProxy,
	},
	failure.WebPage: {
		summary:  "Not a registry",
		headline: "what came is no registry's answer",
		advise:   adviseWebPage,
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
				return " without credentials" + noteOnCredentials(e)
			}
			return " with the credentials of " + e.CredentialSource
		},
		advise: adviseForbidden,
	},
	failure.NotFound: {
		summary:  "Image does not exist",
		headline: "the registry does not have it",
		specify:  noteOnCredentials,
		advice:   "check name, tag and digest; some registries hide private images this way, so check credentials too",
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
			return ", it asks to wait " + formatWait(e.RetryAfter)
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
					"with -target, or set values that are known at plan time",
				e.Host,
			)
		},
	},
	failure.Malformed: {
		headline: "the registry's answer is inconsistent",
		advise: func(e *failure.Error) string {
			if errors.Is(e.Err, failure.ErrWrongSize) {
				return "nodes refuse such a blob too: push the image again"
			}
			return ""
		},
	},
	failure.TooLarge:       {headline: "the registry's answer is too large"},
	failure.DigestMismatch: {headline: "the content does not match its digest"},
	failure.RangeIgnored:   {headline: "the registry ignores range requests"},
}

// summaryOf returns the first line for a failure.
func summaryOf(e *failure.Error) string {
	if e.Elsewhere && (e.Kind == failure.Unauthorized || e.Kind == failure.Forbidden) {
		return storageRefuses
	}
	if isSchemeMismatch(e) {
		return schemesDiffer
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
