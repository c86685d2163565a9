package provider

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// services are the keys of `endpoints`; each has an environment variable of its own.
var services = []string{"tke", "sts", "tcr", "cbs", "metadata"}

// endpointVariables are the environment variables of all services, in their order.
func endpointVariables() []string {
	names := make([]string, 0, len(services))
	for _, service := range services {
		names = append(names, endpointVariable(service))
	}
	return names
}

func endpointVariable(service string) string { return "TKEIMAGE_ENDPOINT_" + strings.ToUpper(service) }

var (
	wholeURL = regexp.MustCompile(`^https?://[^/?#@\s]+(/[^?#\s]*)?$`)
	bareHost = annotations.BareHost
)

func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Image caches and disk sizes for large images on Tencent Cloud TKE super nodes. " +
			"Configuring the provider makes no request; the disk size data source and the functions need no cloud " +
			"credentials.",
		Blocks:     roleBlocks(),
		Attributes: map[string]schema.Attribute{},
	}
	for _, group := range []map[string]schema.Attribute{
		accessAttributes(), keyAttributes(), identityAttributes(), accountAttributes(), readingAttributes(),
		fleetAttributes(),
	} {
		maps.Copy(resp.Schema.Attributes, group)
	}
}

// accessAttributes are how to reach the cloud's services, and how often.
func accessAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"endpoints": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Whole URLs with scheme, for private endpoints and local stand-ins, by service: " +
				tfdiag.QuoteList(services) + " (that of a CVM). Environment: " +
				tfdiag.QuoteList(endpointVariables()) + ".",
			Validators: []validator.Map{ // a null, of a variable that was not set, leaves the service's own
				mapvalidator.KeysAre(stringvalidator.OneOf(services...)),
				mapvalidator.ValueStringsAre(stringvalidator.RegexMatches(
					wholeURL, "must be a whole URL, such as https://tke.internal.tencentcloudapi.com",
				)),
			},
		},
		"max_requests_per_second": schema.Float64Attribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf(
				"The maximum number of requests per second that one run sends to the TKE API. Default: %d; the "+
					"service allows 20 for each action.",
				tke.DefaultMaxRequestsPerSecond,
			),
			Validators: []validator.Float64{float64validator.Between(0.1, 1000)},
		},
	}
}

func describeVariable(name string) string { return "Environment: `" + name + "`." }
