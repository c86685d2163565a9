package tke_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// A cache is created, and used once it is Ready. The id is known before the build begins, so that
// an interrupted run can go on.
func ExampleClient_Create() {
	service := tketest.New(tketest.Options{Builder: tketest.InstantBuilder})
	defer service.Close()

	client, err := tke.New(tke.Config{
		PollInterval: 10 * time.Millisecond,
		Config: cloudapi.Config{
			Credentials: cloudapi.Credential{SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey},
			Region:      tketest.DefaultRegion,
			Endpoint:    service.URL,
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	id, err := client.Create(ctx, tke.CreateRequest{
		Name: "nginx", Images: []string{"nginx:1.29"}, VpcID: "vpc-508ctkfb", SubnetID: "subnet-8ah75lo8", SizeGiB: 20,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := client.WaitReady(ctx, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cache.Name, cache.Status, cache.Images)
	// Output: nginx Ready [nginx:1.29]
}
