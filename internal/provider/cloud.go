package provider

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
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
	data.Region, data.Credentials, data.Looked, data.Fault = found.Region, found.Sources(), found.Looked, found.Fault
	api := p.baseConfig(&found)
	api.Endpoint = config.endpointURL("sts", p.getenv)
	signed, err := found.Credentials(
		credentials.Services{STS: api, Metadata: config.endpointURL("metadata", p.getenv), Log: logDebug},
	)
	if err != nil {
		addEndpointError("sts", err, resp)
		return
	}
	if signed == nil {
		return // only what needs the cloud asks for credentials
	}
	p.newClients(config, data, signed, api, resp)
}

// baseConfig is what the clients of all services have in common.
func (p *Provider) baseConfig(found *credentials.Resolved) cloudapi.Config {
	return cloudapi.Config{
		Region: found.Region, Scheme: found.Protocol, Domain: found.Domain,
		UserAgent: p.userAgent(), RequestClient: p.getenv(envRequestClient), RetryWait: p.options.RetryWait,
		TryTimeout: p.options.TryTimeout, Secrets: p.options.Secrets,
	}
}

func (p *Provider) newClients(
	config *model, data *clients.Clients, signed cloudapi.Credentials, api cloudapi.Config,
	resp *provider.ConfigureResponse,
) {
	var err error
	api.Credentials = signed
	ofTKE := tke.Config{Config: api, PollInterval: p.options.PollInterval}
	ofTKE.Endpoint, ofTKE.MaxRequestsPerSecond = config.endpointURL(
		"tke", p.getenv,
	), config.MaxRequestsPerSecond.ValueFloat64()
	if data.TKEClient, err = tke.New(ofTKE); err != nil {
		addEndpointError("tke", err, resp)
	}
	api.Endpoint = config.endpointURL("tcr", p.getenv)
	if data.TCRClient, err = tcr.New(api); err != nil {
		addEndpointError("tcr", err, resp)
	}
	api.Endpoint = config.endpointURL("cbs", p.getenv)
	if data.CBSClient, err = cbs.New(api); err != nil {
		addEndpointError("cbs", err, resp)
	}
	data.Currency = currencyOf(api)
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

func addEndpointError(service string, err error, resp *provider.ConfigureResponse) {
	resp.Diagnostics.AddAttributeError(path.Root("endpoints").AtMapKey(service), "Not an endpoint", err.Error()+".")
}
