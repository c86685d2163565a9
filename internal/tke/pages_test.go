package tke_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
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
	client, err := tke.New(tke.Config{Config: cloudapi.Config{
		Credentials: cloudapi.Credential{
			SecretID:  "id",
			SecretKey: "key",
		},
		Region:               "ap-guangzhou",
		Endpoint:             "http://127.0.0.1:1",
		Transport:            wire,
		RetryWait:            time.Nanosecond,
		MaxRequestsPerSecond: 1e9,
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.List(t.Context(), tke.Filter{})
	if err == nil || !strings.Contains(err.Error(), "lists only 800") {
		t.Errorf("%v", err)
	}
}
