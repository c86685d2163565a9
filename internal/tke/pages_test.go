package tke_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// TestAListingEndsWhateverItCounts: an endpoint that is not the service's could go on for ever.
func TestAListingEndsWhateverItCounts(t *testing.T) {
	t.Parallel()
	wire := &answering{
		status: http.StatusOK,
		body: []byte(
			`{"Response":{"TotalCount":9223372036854775807,"ImageCaches":[` +
				`{"ImageCacheId":"imc-a","Status":"Ready"},{"ImageCacheId":"imc-b","Status":"Ready"}],"RequestId":"a"}}`,
		),
		pages: -1 << 30,
	}
	client := wire.newClient(t)
	_, err := client.List(t.Context(), tke.Filter{})
	if err == nil || !strings.Contains(err.Error(), "lists only 800") {
		t.Errorf("%v", err)
	}
}
