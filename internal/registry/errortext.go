package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// listedPlatforms bounds how many platforms an error lists: an index is written by others.
const listedPlatforms = 24

// headline is the failure in a few words of the user's.
func (e *Error) headline() string {
	switch e.Kind {
	case KindInvalidReference:
		return "this is not a valid image reference"
	case KindInvalidPlatform:
		return "this is not a platform"
	case KindUnreachable:
		return "the connection to the registry failed"
	case KindTimeout:
		return "no answer in time"
	case KindTLS:
		return "no trusted TLS connection"
	case KindUnauthorized:
		return e.refusal()
	case KindForbidden:
		return "access is denied" + e.usedCredentials()
	case KindNotFound:
		return "the registry does not have it"
	case KindNoPlatform:
		return "there is no image for platform " + e.Platform + e.platformList()
	case KindRateLimited:
		return "the registry's rate limit is reached" + e.whenAgain()
	case KindUnavailable:
		return "the registry failed"
	case KindRefused:
		return "the registry points to a place that is not followed"
	case KindNotAnImage:
		return "this is not a container image"
	case KindLayerType:
		return "containerd cannot unpack a layer of media type " + e.MediaType
	case KindMalformed:
		return "the registry's answer does not hold together"
	case KindTooLarge:
		return "the registry's answer is too large"
	case KindDigestMismatch:
		return "the content does not match its digest"
	}
	return orDefault(headlines[e.Kind], string(e.Kind))
}

// headlines are those that are the same for every failure of their kind.
var headlines = map[Kind]string{
	KindRangeIgnored: "the registry ignores range requests",
	KindProtocol:     "unexpected answer",
	KindPending:      "how to read this registry is not known yet",
}

// Advice says what to do now, "" when there is nothing to say.
func (e *Error) Advice() string {
	switch e.Kind {
	case KindInvalidReference:
		return "write it as a Pod would: nginx, docker.io/library/nginx:1.27, or host:port/name@sha256:…"
	case KindInvalidPlatform:
		return "write it as os/architecture or os/architecture/variant: linux/amd64, linux/arm64"
	case KindUnreachable:
		return "check the host's name, the network, and proxies; a registry without TLS must be configured as plain HTTP"
	case KindTimeout:
		return "try again, and check the network and proxies"
	case KindTLS:
		return "configure the CA certificate of this host, or plain HTTP if it has no TLS"
	case KindUnauthorized:
		return e.credentialAdvice()
	case KindForbidden:
		return "check what these credentials may read"
	case KindNotFound:
		return "check name, tag and digest; some registries hide private images this way, so check credentials too"
	case KindNoPlatform:
		return e.platformAdvice()
	case KindRateLimited:
		return "wait, or configure credentials for this registry: signed-in users have higher limits"
	case KindUnavailable:
		return "try again later"
	case KindRefused:
		return "if this is intended, configure that host among the registries"
	case KindNotAnImage:
		return "name a container image"
	case KindLayerType:
		return e.layerTypeAdvice()
	}
	return ""
}

func (e *Error) refusal() string {
	if e.Elsewhere {
		return "the registry redirects there, and that host wants credentials, which go to no other host than the registry"
	}
	if e.CredentialSource != "" {
		return "the credentials of " + e.CredentialSource + " were refused"
	}
	text := "the registry wants credentials, and none were found in " + SourceConfiguration + " or in " + SourceDocker
	if e.CredentialNote != "" {
		text += " [" + e.CredentialNote + "]"
	}
	return text
}

func (e *Error) usedCredentials() string {
	if e.CredentialSource == "" {
		return " without credentials"
	}
	return " with the credentials of " + e.CredentialSource
}

func (e *Error) credentialAdvice() string {
	if e.Elsewhere {
		return "try again, since such an address may have expired; if that does not help, the registry's storage is set up wrongly"
	}
	if e.CredentialSource != "" {
		return "check that they are current, and that they may read this repository"
	}
	return "configure credentials for this registry, and check the name: many registries say this of images that do not exist"
}

func (e *Error) whenAgain() string {
	if e.RetryAfter <= 0 {
		return ""
	}
	return fmt.Sprintf(", it asks to wait %s", e.RetryAfter.Round(time.Second))
}

func (e *Error) platformList() string {
	listed := e.Platforms
	switch {
	case len(listed) == 0:
		return ""
	case len(listed) > listedPlatforms:
		return fmt.Sprintf(", only for %s and %d more", strings.Join(listed[:listedPlatforms], ", "), len(listed)-listedPlatforms)
	}
	return ", only for " + strings.Join(listed, ", ")
}

func (e *Error) platformAdvice() string {
	if len(e.Platforms) == 0 {
		return ""
	}
	return "choose one of these, or another image"
}

func (e *Error) layerTypeAdvice() string {
	if errors.Is(e.Err, errEncrypted) {
		return "its files can be counted only without encryption: measure the image as it was before, " +
			"and make sure that the nodes have the keys"
	}
	return "name a container image whose layers are tars: this is a model, a chart, an attestation or another artifact, " +
		"or an image for one snapshotter only"
}
