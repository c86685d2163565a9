package tfdiag

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// InvalidImage describes a text that is no image reference.
func InvalidImage(at path.Path, err error) diag.Diagnostic {
	if known, ok := errors.AsType[*failure.Error](err); ok {
		return readError(at, known, err)
	}
	return diag.NewAttributeErrorDiagnostic(at, "Not an image reference", endSentence(err.Error()))
}

// NoPassword describes credentials that lack the password. Terraform drops attributes of an object
// that the schema does not have, so a misspelled one looks like none.
func NoPassword(at path.Path, host string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Credentials without a password", fmt.Sprintf(
		"registry_credentials[%q] has no password: write password_wo = … (and password_wo_version, which has it sent "+
			"again). Terraform drops an attribute of another name, such as password, without a message. If the "+
			"value is a variable, it is null or empty in this run.", host,
	))
}

// PasswordOfLines describes a password that holds a line break, as the content of a file does. It
// does not repeat the password.
func PasswordOfLines(at path.Path, host string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Password with a line break", fmt.Sprintf(
		"password_wo of registry_credentials[%q] holds a line break, which belongs to the file that it was read from "+
			"and to no password: the registry would refuse it. Write trimspace(file(…)).", host,
	))
}

// NoUsername warns of credentials without the name of a user. As with a password, a misspelled one
// looks like none.
func NoUsername(at path.Path, host string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(at, "Credentials without a user name", fmt.Sprintf(
		"registry_credentials[%q] has no username, and most registries refuse a password without one. Terraform drops "+
			"an attribute of another name, such as user, without a message.", host,
	))
}

// UnusedCredentials describes credentials for a host that no image of the cache names.
func UnusedCredentials(at path.Path, host string, hosts []string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Credentials for a host that no image has", fmt.Sprintf(
		"No image of this cache is at %s, so the builder would pull without these credentials. The images are at: %s. "+
			"Write the host as it stands in the image, with its port.", host, strings.Join(hosts, ", "),
	))
}

// ForeignDigest describes a key of image_digests that is no image of the cache.
func ForeignDigest(at path.Path, key, spelled string, images []string) diag.Diagnostic {
	advice := "Write each key as the image stands in `images`: " + strings.Join(images, ", ") + ". Of a map with " +
		"more images, take these alone: { for image in […] : image => digests[image] }."
	if spelled != "" {
		advice = fmt.Sprintf("It is the same image as %q: write the key as `images` has it.", spelled)
	}
	return diag.NewAttributeErrorDiagnostic(at, "Digest of an image that the cache does not hold", fmt.Sprintf(
		"%q is not among `images`, so a new digest of it would not rebuild the cache. %s", key, advice,
	))
}

// idKinds are what ids begin with, and what they are of.
var idKinds = map[string]string{
	"vpc-": "a VPC", "subnet-": "a subnet", "sg-": "a security group", "eip-": "an elastic IP",
	"imc-": "an image cache", "cls-": "a cluster", "ins-": "an instance", "snap-": "a snapshot",
	"eni-": "a network interface", "nat-": "a NAT gateway", "rtb-": "a route table",
}

// WrongID describes a text that is no id of the kind that begins with prefix.
func WrongID(at path.Path, written, prefix string) diag.Diagnostic {
	wanted := idKinds[prefix]
	detail := fmt.Sprintf("%q is not the id of %s, which is %s and letters and digits.", written, wanted, prefix)
	switch {
	case written == "":
		detail = fmt.Sprintf("The id of %s is empty: a variable that is not set in this run? It is %s and letters and "+
			"digits.", wanted, prefix)
	case strings.HasPrefix(written, prefix):
		detail = fmt.Sprintf("%q is no id but stands in for one, or was copied with more than the id. Write the id of "+
			"%s, %s and letters and digits.", written, wanted, prefix)
	}
	for other, kind := range idKinds {
		if strings.HasPrefix(written, other) && other != prefix {
			detail = fmt.Sprintf("%q is the id of %s. Write the id of %s, %s….", written, kind, wanted, prefix)
		}
	}
	if _, err := netip.ParseAddr(written); err == nil {
		detail = fmt.Sprintf("%q is an address. Write the id of %s, %s…, which the console lists beside its address.",
			written, wanted, prefix)
	}
	return diag.NewAttributeErrorDiagnostic(at, "Not the id of "+wanted, detail)
}

// ControlCharacter describes a name that holds a line break, a tab or the like.
func ControlCharacter(at path.Path, written string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Line break in a name", fmt.Sprintf(
		"%q holds a line break or another invisible character, and is found by no other spelling. Write trimspace(…).",
		written,
	))
}

// InvalidTagKey describes a tag whose key is empty or holds a line break.
func InvalidTagKey(at path.Path, key string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Not the key of a tag", fmt.Sprintf(
		"%q is empty or holds an invisible character, and a tag is found by its key. If the key is a variable, it is "+
			"empty in this run.", key,
	))
}

// InvalidResolveConfig describes a line that no resolver reads.
func InvalidResolveConfig(at path.Path, line string, keywords []string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Not the text of a resolv.conf", fmt.Sprintf(
		"The line %q would be skipped: a line begins with one of %s. For the address of a DNS server, write "+
			"\"nameserver 10.0.0.2\".", strings.TrimSpace(line), strings.Join(keywords, ", "),
	))
}

// InvalidTimeout describes a timeout that is no duration, or leaves no time at all.
func InvalidTimeout(at path.Path, name, written string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Invalid timeout", fmt.Sprintf(
		"%s = %q is no time above zero. Write a number with a unit, such as \"90m\" or \"1h30m\".", name, written,
	))
}

// InvalidSize describes a size in GiB that no disk has.
func InvalidSize(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Not a size in GiB", endSentence(err.Error()))
}

// MissingImage describes an element of a list of images that is null, or else empty.
func MissingImage(at path.Path, index int, null bool) diag.Diagnostic {
	what := "empty"
	if null {
		what = "null"
	}
	return diag.NewAttributeErrorDiagnostic(at, "Image is missing", fmt.Sprintf(
		"images[%d] is %s: write a reference as a Pod would (nginx:1.29), or leave the element out.", index, what,
	))
}

// InvalidRegex describes a regular expression that does not compile.
func InvalidRegex(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Not a regular expression", endSentence(err.Error())+
		" The syntax is RE2's: https://github.com/google/re2/wiki/Syntax.")
}

// SnapshotterIsComputed describes a snapshotter in the configuration of a cache.
func SnapshotterIsComputed(at path.Path) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "The snapshotter cannot be chosen",
		"The API has no way to choose the snapshotter of an image cache: CreateImageCache takes no such field. "+
			"Remove the argument. A cache that exists is not changed by that, and its snapshotter can be read from "+
			"this attribute.")
}

// NullValue describes a null where the service takes none. The key is empty for an element of a
// set.
func NullValue(at path.Path, key string) diag.Diagnostic {
	if key == "" {
		return diag.NewAttributeErrorDiagnostic(at, "Null among the values",
			"One of the values is null: a variable that is not set, or an attribute that does not exist yet. Leave it "+
				"out, for example with compact().")
	}
	return diag.NewAttributeErrorDiagnostic(at, "Null among the values", fmt.Sprintf(
		"The value of %q is null. Give it a value, or leave the key out: { for key, value in … : key => value if "+
			"value != null }.", key,
	))
}

// IgnoredTag describes a tag that the configuration sets and the provider ignores.
func IgnoredTag(at path.Path, key string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Tag is ignored", fmt.Sprintf(
		"The provider's ignore_tags covers %q, so this tag would neither be compared nor set. Remove it here, or from "+
			"ignore_tags.", key,
	))
}

// NotWhole describes a number where only whole numbers serve.
func NotWhole(attribute, number string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Not a whole number", fmt.Sprintf(
		"%s must be a whole number, and it is %s. Round it with ceil() or floor().", attribute, number,
	))
}

// InvalidEndpoint describes an endpoint of a service that no request can be sent to.
func InvalidEndpoint(service string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(
		path.Root("endpoints").AtMapKey(service), "Not an endpoint", endSentence(err.Error()),
	)
}

// InvalidRegistries describes what makes the registries of the provider unusable.
func InvalidRegistries(argument string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(
		path.Root(argument), "Invalid registry configuration", endSentence(err.Error()),
	)
}
