package annotations_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
)

func TestEKSConfigIsSortedAndQuoted(t *testing.T) {
	t.Parallel()
	got, err := annotations.EKSConfig(map[string]string{
		annotations.UseImageCache: "auto",
		annotations.RootCBSSize:   "50",
		"b":                       "yes",
		"note.example.com/owner":  "机器学习",
		"a\tb":                    "x\ny: \u00e9",
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `"a\tb": "x\ny: \u00e9"
"b": "yes"
eks.tke.cloud.tencent.com/root-cbs-size: "50"
eks.tke.cloud.tencent.com/use-image-cache: "auto"
note.example.com/owner: "机器学习"
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func TestEKSConfigRefusesWhatIsNoText(t *testing.T) {
	t.Parallel()
	for _, broken := range []map[string]string{{"key": "\xff"}, {"\xff": "value"}} {
		var invalid *annotations.InvalidTextError
		if text, err := annotations.EKSConfig(broken); !errors.As(err, &invalid) || text != "" {
			t.Errorf("%q: %q, %v", broken, text, err)
		}
	}
}
