package acceptance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func init() {
	resource.AddTestSweepers("tkeimage_cache", &resource.Sweeper{Name: "tkeimage_cache", F: func(region string) error {
		swept, err := sweep(dial(account(), region, os.Getenv("TKEIMAGE_ENDPOINT_TKE")))
		fmt.Printf("deleted %d caches that begin with %s: %s\n", len(swept), prefix, strings.Join(swept, ", "))
		return err
	}})
}

// sweep deletes what earlier runs of this suite left behind: caches whose name begins with the
// prefix, and no others.
func sweep(client *common.Client) (swept []string, err error) {
	var leftovers []string
	for offset := 0; ; offset += 50 {
		var page struct {
			Response struct {
				TotalCount  int
				ImageCaches []struct{ ImageCacheID, ImageCacheName string }
			}
		}
		if err := send(client, "DescribeImageCaches", fields{"Limit": 50, "Offset": offset}, &page); err != nil {
			return nil, err
		}
		for _, cache := range page.Response.ImageCaches {
			if strings.HasPrefix(cache.ImageCacheName, prefix) {
				leftovers = append(leftovers, cache.ImageCacheID)
			}
		}
		if offset+50 >= page.Response.TotalCount || len(page.Response.ImageCaches) == 0 {
			break
		}
	}
	for _, id := range leftovers { // one by one: an id that is gone already must not spare the others
		if failed := send(client, "DeleteImageCaches", fields{"ImageCacheIds": []string{id}}, nil); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", id, failed))
			continue
		}
		swept = append(swept, id)
	}
	return swept, err
}

func send(client *common.Client, action string, parameters fields, into any) error {
	request := tchttp.NewCommonRequest("tke", "2018-05-25", action)
	if err := request.SetActionParameters(map[string]any(parameters)); err != nil {
		return err
	}
	response := tchttp.NewCommonResponse()
	if err := client.Send(request, response); err != nil || into == nil {
		return err
	}
	return json.Unmarshal(response.GetBody(), into)
}

func TestSweepDeletesLeftoversAndNothingElse(t *testing.T) {
	t.Parallel()
	s := aim(t, tketest.Options{})
	if s.real {
		t.Skip("this sweeps the stand-in: make sweep is for the service")
	}
	var want []string
	for i := range 120 {
		cache := tketest.Cache{Name: fmt.Sprintf("%s%d", prefix, i)}
		if i%2 == 1 {
			cache.Name = fmt.Sprintf("somebodys-%d", i)
		}
		if put := s.cloud.Put(cache); i%2 == 0 {
			want = append(want, put.ID)
		}
	}
	swept, err := sweep(s.client)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(swept)
	slices.Sort(want)
	if !slices.Equal(swept, want) {
		t.Errorf("swept %v, want %v", swept, want)
	}
	if left := len(s.cloud.Caches()); left != 60 {
		t.Errorf("%d caches are left, want those 60 of others", left)
	}
}
