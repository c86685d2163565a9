package tfdiag

import (
	"strings"
	"testing"
)

// TestCausesAreFoundInWhatContainerdSays: the messages are those of containerd, Go and registries,
// whole, since a sign of one cause may stand in the message of another.
func TestCausesAreFoundInWhatContainerdSays(t *testing.T) {
	t.Parallel()
	const (
		resolve   = `failed to resolve reference "registry.example.com/llm:v1": `
		pull      = `failed to pull and unpack image "registry.example.com/llm:v1": ` + resolve
		ask       = pull + `failed to do request: Head "https://registry.example.com/v2/llm/manifests/v1": `
		status    = pull + `unexpected status from HEAD request to https://registry.example.com/v2/llm/manifests/v1: `
		lookup    = ask + "dial tcp: lookup registry.example.com"
		noLookup  = "The builder cannot resolve"
		noAnswer  = "The builder cannot reach"
		refusal   = "The registry refuses"
		noImage   = "The registry has no such image"
		distrust  = "The builder does not trust"
		plainHTTP = "The registry uses plain HTTP"
		rateLimit = "The registry limits"
	)
	for message, begins := range map[string]string{
		lookup + ": no such host":                                                                noLookup,
		lookup + " on 10.0.0.2:53: server misbehaving":                                           noLookup,
		lookup + " on 10.0.0.2:53: read udp 10.0.0.9:4242->10.0.0.2:53: i/o timeout":             noLookup,
		ask + "dial tcp 192.0.2.1:443: i/o timeout":                                              noAnswer,
		ask + "dial tcp 192.0.2.1:443: connect: connection refused":                              noAnswer,
		ask + "tls: failed to verify certificate: x509: certificate signed by unknown authority": distrust,
		ask + "http: server gave HTTP response to HTTPS client":                                  plainHTTP,
		pull + "pull access denied, repository does not exist or may require authorization: " +
			"server message: insufficient_scope: authorization failed": refusal,
		status + "401 Unauthorized":                     refusal,
		status + "403 Forbidden":                        refusal,
		status + "404 Not Found":                        noImage,
		pull + "registry.example.com/llm:v1: not found": noImage,
		status + "429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated " +
			"pull rate limit. https://www.docker.com/increase-rate-limit": rateLimit,
		"toomanyrequests: You have reached your pull rate limit. " +
			"You may increase the limit by authenticating and upgrading": rateLimit,
		// digests and sizes are made of any digits
		`failed to copy: httpReadSeeker: failed open: content at sha256:40144042af404d401 is damaged`: "",
		"pulled 404 of 1401 MiB, then the node went away":                                             "",
	} {
		if got := findCause(message); !strings.HasPrefix(got, begins) || begins == "" && got != "" {
			t.Errorf("%s\n  got %q\n want %q", message, got, begins)
		}
	}
}
