package tfdiag

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// buildCauses are recognized in the builder's own words. They are containerd's and the service's,
// not a documented format, so an unknown text is passed on as it is, without a cause. The first
// whose sign is in the text counts: what is said in passing by another cause's message, such as
// "dial tcp" where a name was looked up, comes later. A bare number is not a sign: digests have
// any.
var buildCauses = []struct {
	signs  []string
	advice string
}{
	{
		[]string{noSpace},
		"The disk is too small for the images. Raise size_gib; data \"tkeimage_root_disk_size\" computes how much " +
			"is needed.",
	},
	{
		[]string{"toomanyrequests", "too many requests"},
		"The registry limits pulls from one address. Set registry_credentials, since signed-in users have higher " +
			"limits, use a mirror, or apply again later.",
	},
	{
		[]string{
			"unauthorized",
			"authentication required",
			"403 forbidden",
			"access denied",
			"authorization failed",
			"no basic auth",
		},
		"The registry refuses the credentials. Check registry_credentials: the host as in the image's name, " +
			"username, password_wo; raise password_wo_version when the password has changed.",
	},
	{
		[]string{"not found", "manifest unknown", "name unknown"},
		"The registry has no such image or tag. Check the spelling in `images`, and whether the tag exists for " +
			"linux/amd64.",
	},
	{[]string{"no such host", "server misbehaving", "dial tcp: lookup"},
		"The builder cannot resolve the registry's name. Check the VPC's DNS, or set resolve_config."},
	{
		[]string{
			"i/o timeout",
			"connection refused",
			"no route to host",
			"network is unreachable",
			"deadline exceeded",
			"timed out",
			"dial tcp",
		},
		"The builder cannot reach the registry. Its subnet needs a NAT gateway, or the builder an elastic IP: set " +
			"auto_eip or existing_eip_id.",
	},
	{
		[]string{"x509", "certificate"},
		"The builder does not trust the registry's certificate. If this is intended, list the host in " +
			"insecure_registries.",
	},
	{[]string{"http response to https client"},
		"The registry uses plain HTTP. List its host in http_registries."},
	{[]string{"sold out", "insufficient", "resourcessoldout"}, stockAdvice},
	{[]string{"quota", "limit exceeded"}, quotaAdvice},
}

const noSpace = "no space left on device"

// IsNoSpace reports whether a build failed because its disk is too small.
func IsNoSpace(err error) bool {
	build, ok := errors.AsType[*tke.BuildError](err)
	return ok && slices.ContainsFunc(build.Cache.Warnings(), func(e tke.Event) bool {
		return strings.Contains(strings.ToLower(e.Message), noSpace)
	})
}

// WithMeasuredSize adds to the failure of a build the size that was measured after it.
func WithMeasuredSize(failure diag.Diagnostic, hasGiB, needGiB int64) diag.Diagnostic {
	text := fmt.Sprintf("Measured now: these images need a cache of %d GiB; this one has %d GiB.", needGiB, hasGiB)
	if needGiB <= hasGiB {
		text = fmt.Sprintf(
			"Measured now, these images should fit: they need a cache of %d GiB, and this one has %d GiB. "+
				"What the builder itself keeps on the disk is not published; try the next larger size.",
			needGiB, hasGiB,
		)
	}
	return diag.NewErrorDiagnostic(failure.Summary(), failure.Detail()+"\n\n"+text)
}

// maxEvents bounds how many events of one cache are printed. All of them are searched for causes.
const maxEvents = 20

// formatFailedBuild lists the service's warnings in order, and a remedy for each cause that is
// recognized.
func formatFailedBuild(cache *tke.ImageCache) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The service reports image cache %s (%s) as %s.", cache.ID, cache.Name, cache.Status)
	warnings := cache.Warnings()
	if len(warnings) == 0 {
		b.WriteString(" It reports no warning events that say why.")
	} else {
		b.WriteString(" Its warning events:\n")
	}
	advice := map[string]bool{}
	var advised []string
	for i, event := range warnings {
		if i < maxEvents {
			fmt.Fprintf(&b, "\n  %s%s: %s", formatStamp(event.First), event.Reason, event.Message)
		}
		if text := findCause(event.Message); text != "" && !advice[text] {
			advice[text] = true
			advised = append(advised, text)
		}
	}
	if more := len(warnings) - maxEvents; more > 0 {
		fmt.Fprintf(&b, "\n  … and %d more", more)
	}
	for _, text := range advised {
		fmt.Fprintf(&b, "\n\n%s", text)
	}
	b.WriteString("\n\n" + nextStep(cache.Status))
	return b.String()
}

func nextStep(status string) string {
	if status == tke.StatusUpdateFailed {
		return "The cache keeps its id; Pods cannot use it until an update succeeds. The next apply tries again."
	}
	return "The failed cache is in the state; the next apply replaces it."
}

func findCause(message string) string {
	message = strings.ToLower(message)
	for _, cause := range buildCauses {
		for _, sign := range cause.signs {
			if strings.Contains(message, sign) {
				return cause.advice
			}
		}
	}
	return ""
}

func formatStamp(t tke.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339) + "  "
}
