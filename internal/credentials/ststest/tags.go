package ststest

import (
	"strings"
	"unicode/utf8"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// Limits of session tags, from the models of the official client.
const (
	maxTags     = 50
	maxTagKey   = 128 // characters
	maxTagValue = 256
)

// checkTags checks session tags. Which code the service answers is not published.
func checkTags(tags []map[string]string) *apitest.Refusal {
	if len(tags) > maxTags {
		return apitest.Invalid("there are more than 50 session tags")
	}
	seen := map[string]bool{}
	for _, tag := range tags {
		switch key := tag["Key"]; {
		case seen[key]:
			return apitest.Invalid("two session tags have the key " + key)
		case utf8.RuneCountInString(key) > maxTagKey || utf8.RuneCountInString(tag["Value"]) > maxTagValue:
			return apitest.Invalid("the session tag " + key + " is too long")
		default:
			seen[key] = true
		}
	}
	return nil
}

func formatTags(tags []map[string]string) string {
	pairs := make([]string, 0, len(tags))
	for _, tag := range tags {
		pairs = append(pairs, tag["Key"]+"="+tag["Value"])
	}
	return strings.Join(pairs, ", ")
}
