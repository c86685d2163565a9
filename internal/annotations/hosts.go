package annotations

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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
