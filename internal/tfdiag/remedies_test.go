package tfdiag

import (
	"regexp"
	"testing"
)

// TestOnlyTKEIsAdvisedOnCaches: what holds for every service, or for another one, must not name
// what only image caches have.
func TestOnlyTKEIsAdvisedOnCaches(t *testing.T) {
	t.Parallel()
	ofCaches := regexp.MustCompile(`(?i)cache|max_requests_per_second|tke:|vpc|subnet|builder`)
	for service, codes := range serviceRemedies {
		if service == "tke" {
			continue
		}
		for _, r := range append(codes, remedies...) {
			if ofCaches.MatchString(r.advice) {
				t.Errorf("%s, %s: %s", service, r.code, r.advice)
			}
		}
	}
}
