package acctest_test

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
)

func TestAPatternMatchesAMessageHoweverItIsWrapped(t *testing.T) {
	t.Parallel()
	const message = "│ Error: No such\n│ cache\n│ \n│ There is no image cache\n│ \"a\" in ap-guangzhou.\n"
	for pattern, want := range map[string]bool{
		"No such cache":                        true,
		`no image cache "a" in ap-guangzhou\.`: true,
		"Error.*ap-guangzhou":                  true,
		"no image cache in":                    false,
		"nosuch cache":                         false,
	} {
		if got := acctest.MatchWrapped(pattern).MatchString(message); got != want {
			t.Errorf("%q: %v, want %v", pattern, got, want)
		}
	}
}
