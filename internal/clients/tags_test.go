package clients_test

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
)

func TestTagsAreIgnoredByKeyAndByPrefix(t *testing.T) {
	t.Parallel()
	rules := clients.TagRules{IgnoreKeys: []string{"creator"}, IgnorePrefixes: []string{"finops/"}}
	for key, want := range map[string]bool{
		"creator": true, "creators": false, "finops/team": true, "finops": false, "x-finops/team": false,
	} {
		if got := rules.Ignores(key); got != want {
			t.Errorf("%s: ignored: %v, want %v", key, got, want)
		}
	}
	if none := (&clients.TagRules{}); none.IgnoresAny() || none.Ignores("creator") {
		t.Error("no rules ignore a tag")
	}
}
