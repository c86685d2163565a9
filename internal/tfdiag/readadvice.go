package tfdiag

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

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
	return text + noteOnCredentials(e)
}

// noteOnCredentials says why a lookup of credentials failed, where it did.
func noteOnCredentials(e *failure.Error) string {
	if e.CredentialNote == "" {
		return ""
	}
	return " [" + e.CredentialNote + "]"
}

// formatWait writes how long a registry asks to wait, as precisely as makes sense.
func formatWait(wait time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case wait >= 300*day:
		return "for longer than makes sense"
	case wait >= 2*day:
		return fmt.Sprintf("%d days", wait/day)
	case wait >= 2*time.Hour:
		return formatSpan(wait.Round(time.Minute))
	}
	return formatSpan(max(wait.Round(time.Second), time.Second))
}

// isSchemeMismatch reports whether one side speaks TLS and the other plain HTTP.
func isSchemeMismatch(e *failure.Error) bool {
	return errors.Is(e.Err, http.ErrSchemeMismatch) || errors.Is(e.Err, failure.ErrWantsTLS)
}

func describeTLS(e *failure.Error) string {
	if isSchemeMismatch(e) {
		return "one side speaks TLS and the other plain HTTP"
	}
	return "no trusted TLS connection"
}

func adviseTLS(e *failure.Error) string {
	switch {
	case errors.Is(e.Err, http.ErrSchemeMismatch):
		return fmt.Sprintf("this host speaks plain HTTP on that port. If that is intended: registries = { %q = { "+
			"plain_http = true } } in the provider's configuration", e.Host)
	case errors.Is(e.Err, failure.ErrWantsTLS):
		return "remove plain_http of this host"
	}
	return "if a private CA has signed the certificate, or a proxy that intercepts TLS: ca_certificate of this host, " +
		"or registry_ca_certificates for all; plain_http = true if it has no TLS at all"
}

func describeProxy(e *failure.Error) string {
	proxy := strings.TrimSpace("the proxy " + e.Proxy)
	switch {
	case e.StatusCode == http.StatusProxyAuthRequired:
		return proxy + " wants credentials of its own"
	case e.StatusCode != 0:
		return proxy + " refuses to connect to that host"
	}
	return proxy + " cannot be reached"
}

func adviseProxy(e *failure.Error) string {
	if e.StatusCode == http.StatusProxyAuthRequired {
		return "write them into the proxy's address, HTTPS_PROXY=http://user:password@host:port, or list the " +
			"registry in NO_PROXY if it is reached without the proxy"
	}
	return "check HTTPS_PROXY and HTTP_PROXY, let the proxy allow this host, or list it in NO_PROXY if it is reached " +
		"without the proxy"
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
		"artifact, or an image for one snapshotter only"
}

func adviseForbidden(e *failure.Error) string {
	if e.CredentialSource == "" {
		return "configure credentials for this registry, and check the name: some registries say this of private " +
			"images and of images that do not exist, and firewalls of what they block"
	}
	return "check what these credentials may read"
}

func adviseWebPage(e *failure.Error) string {
	return fmt.Sprintf("something answers in the registry's place, such as a login page (single sign-on, a captive "+
		"portal), a proxy, or the host's own web site: open https://%s/v2/ in a browser, and check host, port and "+
		"proxies", e.Host)
}
