package tfdiag_test

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

func TestQuoteListReadsAsASentence(t *testing.T) {
	t.Parallel()
	for want, values := range map[string][]string{
		"": nil, "`a`": {"a"}, "`a` or `b`": {"a", "b"}, "`a`, `b` or `c`": {"a", "b", "c"},
	} {
		if got := tfdiag.QuoteList(values); got != want {
			t.Errorf("%v: got %s, want %s", values, got, want)
		}
	}
}
