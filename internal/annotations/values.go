package annotations

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// valueKind is a kind of value: what of it users write, and how it is written in an annotation.
type valueKind interface {
	// render returns the annotation's text, or nil when there is nothing to say.
	renderValue(written any) (*string, *mistake)
	// form says in Markdown what to write.
	describeForm() string
}

// mistake is a value that is none. In the remedy, %name stands for the option's name.
type mistake struct{ problem, remedy string }

// cacheReference is the cache that a Pod starts from.
type cacheReference struct{}

const (
	anyCache    = "auto"
	writeACache = `write %name = "auto" or the id of a cache, imc-…, such as tkeimage_cache.example.id`
)

var cacheID = regexp.MustCompile(`^imc-[0-9A-Za-z_-]+$`)

func (cacheReference) describeForm() string { return "`\"auto\"`, or the id of a cache, `imc-…`" }

func (cacheReference) renderValue(written any) (*string, *mistake) {
	if on, isBool := written.(bool); isBool && !on {
		return nil, &mistake{"is false", "leave it out to use no cache; otherwise " + writeACache}
	}
	reference, isString := written.(string)
	switch {
	case isString && (reference == anyCache || cacheID.MatchString(reference)):
		return &reference, nil
	case strings.EqualFold(strings.TrimSpace(reference), anyCache):
		return nil, &mistake{"is " + describeValue(written), `write %name = "auto"`}
	case isString:
		return nil, &mistake{"is " + describeValue(written) + ", which is no id of a cache", writeACache}
	}
	return nil, &mistake{"is " + describeValue(written), writeACache}
}

// diskType is one of DiskTypes.
type diskType struct{}

func (diskType) describeForm() string { return "one of `" + strings.Join(DiskTypes, "`, `") + "`" }

func (diskType) renderValue(written any) (*string, *mistake) {
	name, isString := written.(string)
	if isString && slices.Contains(DiskTypes, name) {
		return &name, nil
	}
	if meant, found := nearestCandidate(strings.ToUpper(name), DiskTypes); found {
		return nil, &mistake{"is " + describeValue(written), fmt.Sprintf("write %%name = %q", meant)}
	}
	return nil, &mistake{"is " + describeValue(written), "write one of " + strings.Join(DiskTypes, ", ")}
}

// hostList are registries, which an annotation lists in one string.
type hostList struct{}

// BareHost is a registry's host as TKE takes it, wherever one is written: with a port where it
// needs one, without scheme and path.
var BareHost = regexp.MustCompile(`^[A-Za-z0-9.\-]+(:[0-9]+)?$`)

var scheme = regexp.MustCompile(`^[a-zA-Z]+://`)

func (hostList) describeForm() string {
	return "a list or set of hosts, each with its port if it needs one"
}

func (hostList) renderValue(written any) (*string, *mistake) {
	list, isList := written.([]any)
	if !isList {
		example := `"registry.example.com"`
		if text, isString := written.(string); isString && text != "" {
			example = quoteEach(strings.Split(text, ","))
		}
		return nil, &mistake{"is " + describeValue(written), "write a list of hosts, %name = [" + example + "]"}
	}
	var names []string
	for _, element := range list {
		if !isKnown(element) {
			continue
		}
		host, isString := element.(string)
		if !isString || !BareHost.MatchString(host) {
			return nil, &mistake{
				"holds " + describeValue(element),
				"write bare hosts, with a port where needed, such as " + quoteEach([]string{host}),
			}
		}
		if !slices.Contains(names, host) {
			names = append(names, host)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	joined := strings.Join(names, ",")
	return &joined, nil
}

// quoteEach shows what hosts would be without what does not belong to them.
func quoteEach(written []string) string {
	quoted := make([]string, 0, len(written))
	for _, text := range written {
		host, _, _ := strings.Cut(scheme.ReplaceAllString(strings.TrimSpace(text), ""), "/")
		if !BareHost.MatchString(host) {
			host = "registry.example.com"
		}
		quoted = append(quoted, strconv.Quote(host))
	}
	return strings.Join(quoted, ", ")
}

// anyString is any string, also an empty one.
type anyString struct{}

func (anyString) describeForm() string { return "any string" }

func (anyString) renderValue(written any) (*string, *mistake) {
	if text, isString := written.(string); isString {
		return &text, nil
	}
	remedy := "write a string"
	switch written := written.(type) {
	case *big.Float:
		remedy += fmt.Sprintf(", %%name = %q", formatDecimal(written))
	case bool:
		remedy += fmt.Sprintf(", %%name = \"%t\"", written)
	}
	return nil, &mistake{"is " + describeValue(written), remedy}
}

// describeValue says what a value is.
func describeValue(written any) string {
	switch written := written.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the string %q", written)
	case bool:
		return strconv.FormatBool(written)
	case *big.Float:
		return formatDecimal(written)
	case []any:
		return "a list"
	}
	return "an object"
}
