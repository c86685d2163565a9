package annotations

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// valueKind is a kind of value: what of it users write, and how it is written in an annotation.
type valueKind interface {
	// renderValue returns the annotation's text, or nil when there is nothing to say.
	renderValue(written any) (*string, *mistake)
	// describeForm says in Markdown what to write.
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

// boolean is true or false. False is written too: it overrides the default of a cluster.
type boolean struct{}

func (boolean) describeForm() string { return "`true` or `false`" }

func (boolean) renderValue(written any) (*string, *mistake) {
	if on, isBool := written.(bool); isBool {
		text := strconv.FormatBool(on)
		return &text, nil
	}
	text, _ := written.(string)
	if on, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text))); err == nil {
		return nil, &mistake{"is " + describeValue(written), fmt.Sprintf("write %%name = %t, without quotes", on)}
	}
	return nil, &mistake{"is " + describeValue(written), "write true or false"}
}

// duration is a time span, in the spelling that the product's default has.
type duration struct{}

const writeADuration = `write a number and a unit, h, m or s, such as %name = "3m"`

func (duration) describeForm() string { return "a duration, such as `\"3m\"` or `\"90s\"`" }

func (duration) renderValue(written any) (*string, *mistake) {
	text, isString := written.(string)
	if span, err := time.ParseDuration(text); isString && err == nil && span >= time.Second {
		return &text, nil
	}
	if number, isNumber := written.(*big.Float); isNumber && number.IsInt() && number.Sign() > 0 {
		return nil, &mistake{
			"is " + formatDecimal(number) + ", without a unit",
			fmt.Sprintf("write %%name = %q", formatDecimal(number)+"m"),
		}
	}
	return nil, &mistake{"is " + describeValue(written), writeADuration}
}

// describeValue returns what a value is, in words.
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
