// Command null is the provider without its work: the same schema, and a resource that reads nothing
// and plans nothing. What a refresh costs with it is the CLI's and the framework's.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/path"
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/imagecache"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
)

type null struct{ framework.Provider }

func (null) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &idle{Resource: &imagecache.Resource{}} }}
}

type idle struct{ *imagecache.Resource }

// Read gives back what it was given, and the identity, which Terraform 1.11 asks for and does not
// keep.
func (*idle) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if resp.Identity == nil || !resp.Identity.Raw.IsFullyNull() {
		return
	}
	var id string
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("region"), "none")...)
}

func (*idle) ModifyPlan(context.Context, resource.ModifyPlanRequest, *resource.ModifyPlanResponse) {}

func main() {
	inner := provider.New(provider.Options{Version: "null"})
	err := providerserver.Serve(context.Background(), func() framework.Provider { return null{inner()} },
		providerserver.ServeOpts{Address: provider.Address})
	if err != nil {
		log.Fatal(err)
	}
}
