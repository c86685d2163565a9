package provider

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

const envRequestClient = "TENCENTCLOUD_API_REQUEST_CLIENT"

// configureCloud finds out where credentials would come from, and makes the clients that use them.
// No request is made: what is missing, or cannot be used, is an error of what needs the cloud.
func (p *Provider) configureCloud(
	ctx context.Context, config *model, data *clients.Clients, resp *provider.ConfigureResponse,
) {
	settings, diags := config.toSettings(ctx)
	resp.Diagnostics.Append(diags...)
	p.options.Secrets.Add(settings.Secrets(p.getenv)...)
	data.UnknownArguments = config.unknownArguments()
	if resp.Diagnostics.HasError() || data.Deferred() {
		return
	}
	found, err := credentials.Resolve(settings, credentials.World{Getenv: p.getenv, ReadFile: os.ReadFile})
	if argument, ok := errors.AsType[*credentials.ArgumentError](err); ok {
		resp.Diagnostics.Append(config.incompleteDiagnostic(argument))
		return
	}
	data.Region, data.Credentials, data.Profile, data.Fault = found.Region, found.Sources(), found.Profile, found.Fault
	api := p.newServiceConfigs(config, &found)
	signed, err := found.Credentials(
		credentials.Services{STS: api.For("sts"), Metadata: api.endpoint("metadata"), Log: logDebug},
	)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.InvalidEndpoint("sts", err))
		return
	}
	if signed == nil {
		return // only what needs the cloud asks for credentials
	}
	p.newClients(config, data, api.signedBy(signed), resp)
}

// serviceConfigs makes the configuration of each service's client. None depends on another.
type serviceConfigs struct {
	common   cloudapi.Config
	endpoint func(service string) string // empty for the public one
}

// For returns the configuration of a service's client.
func (c serviceConfigs) For(service string) cloudapi.Config {
	config := c.common
	config.Endpoint = c.endpoint(service)
	return config
}

// signedBy returns the same, for clients that sign with these credentials.
func (c serviceConfigs) signedBy(signed cloudapi.Credentials) serviceConfigs {
	c.common.Credentials = signed
	return c
}

func (p *Provider) newServiceConfigs(config *model, found *credentials.Resolved) serviceConfigs {
	return serviceConfigs{
		common: cloudapi.Config{
			Region: found.Region, Scheme: found.Protocol, Domain: found.Domain,
			UserAgent: p.userAgent(), RequestClient: p.getenv(envRequestClient), RetryWait: p.options.RetryWait,
			TryTimeout: p.options.TryTimeout, Secrets: p.options.Secrets,
		},
		endpoint: func(service string) string { return config.endpointURL(service, p.getenv) },
	}
}

func (p *Provider) newClients(
	config *model, data *clients.Clients, api serviceConfigs, resp *provider.ConfigureResponse,
) {
	var err error
	forTKE := tke.Config{Config: api.For("tke"), PollInterval: p.options.PollInterval}
	forTKE.MaxRequestsPerSecond = config.MaxRequestsPerSecond.ValueFloat64()
	if data.TKEClient, err = tke.New(forTKE); err != nil {
		resp.Diagnostics.Append(tfdiag.InvalidEndpoint("tke", err))
	}
	if data.TCRClient, err = tcr.New(api.For("tcr")); err != nil {
		resp.Diagnostics.Append(tfdiag.InvalidEndpoint("tcr", err))
	}
	if data.CBSClient, err = cbs.New(api.For("cbs")); err != nil {
		resp.Diagnostics.Append(tfdiag.InvalidEndpoint("cbs", err))
	}
	data.Currency = currencyOf(api.For("cbs"))
}

// currencyOf returns the currency in which the pages of a site state the prices of disks: yuan, or
// US dollars on the international site. An answer names none. Source: the models of the official
// clients of both sites.
func currencyOf(api cloudapi.Config) string {
	if strings.HasPrefix(api.Domain, "intl.") || strings.Contains(api.Endpoint, ".intl.") {
		return "USD"
	}
	return "CNY"
}
