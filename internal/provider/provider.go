// Package provider configures the provider and says, on one screen, what it consists of.
package provider

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/diskprice"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/imagecache"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/rootdisk"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcrtoken"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// Options configure a provider process. The zero value serves users; tests shorten the waits.
type Options struct {
	Version      string
	PollInterval time.Duration
	RetryWait    time.Duration
	TryTimeout   time.Duration
	Registry     transport.Limits
	LookupEnv    func(string) (string, bool) // default os.LookupEnv
	Secrets      *redact.Secrets             // what nothing may show; default: a set of each provider's own
}

// Provider is the provider tkeimage.
type Provider struct{ options Options }

// New makes a factory of providers.
func New(options Options) func() provider.Provider {
	if options.LookupEnv == nil {
		options.LookupEnv = os.LookupEnv
	}
	return func() provider.Provider {
		own := options
		if own.Secrets == nil {
			own.Secrets = new(redact.Secrets)
		}
		return &Provider{options: own}
	}
}

func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "tkeimage"
	resp.Version = p.options.Version
}

// Resources returns what this provider manages.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{imagecache.NewResource}
}

// DataSources returns what this provider reads.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		imagecache.NewDataSource, imagecache.NewListDataSource, imagecache.NewMatchDataSource,
		rootdisk.NewDataSource, diskprice.NewDataSource,
	}
}

// Functions returns what this provider computes from arguments alone.
func (p *Provider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		annotations.NewPodAnnotationsFunction,
		annotations.NewEKSConfigFunction,
		rootdisk.NewFunction,
		diskprice.NewFunction,
	}
}

// ListResources returns what this provider finds for `terraform query`.
func (p *Provider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{imagecache.NewListResource}
}

// Actions returns what this provider does on request, beside the lives of resources.
func (p *Provider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{imagecache.NewRebuildAction}
}

// EphemeralResources returns what this provider provides without storing it.
func (p *Provider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{tcrtoken.New}
}

// Configure prepares the clients and makes no request.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &clients.Clients{Secrets: p.options.Secrets}
	p.options.Secrets.Add(proxyPasswords(p.getenv)...)
	var diags diag.Diagnostics
	data.Tags, diags = config.toTagRules(ctx)
	data.Updates = clients.NewSlots(config.MaxParallelUpdates.ValueInt64())
	resp.Diagnostics.Append(diags...)
	p.configureCloud(ctx, &config, data, resp)
	p.configureRegistries(ctx, &config, data, resp)
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
	resp.EphemeralResourceData, resp.ActionData = data, data
}

func (p *Provider) configureRegistries(
	ctx context.Context, config *model, data *clients.Clients, resp *provider.ConfigureResponse,
) {
	hosts, pending, diags := config.registryHosts(ctx)
	resp.Diagnostics.Append(diags...)
	for _, host := range slices.Sorted(maps.Keys(hosts)) {
		if hosts[host].InsecureSkipVerify {
			resp.Diagnostics.Append(tfdiag.UnverifiedRegistry(host))
		}
	}
	hostsDir, faults := config.openHostsDir(p.getenv)
	if resp.Diagnostics.Append(faults...); faults.HasError() {
		return
	}
	measurements := store.Open(config.measurementCacheDir(p.options.LookupEnv))
	if err := measurements.Check(); err != nil {
		tflog.Warn(ctx, "no measurements are kept", map[string]any{"reason": err.Error()})
	}
	data.Planned = clients.PlannedNames{Store: measurements}
	settings := registry.Config{
		Transport: transport.Config{
			Hosts: hosts, HostsDir: hostsDir, CACertificates: config.RegistryCACertificates.ValueString(),
			DockerConfigDir: config.DockerConfig.ValueString(), UserAgent: p.userAgent(),
			Limits: p.options.Registry, Secrets: p.options.Secrets, Log: logDebug,
		},
		HostsPending: pending,
	}
	if measurements != nil { // a nil folder in an interface is a store that keeps nothing, and is asked for
		settings.Manifests, settings.HostFacts = measurements, measure.HostFacts{Store: measurements}
	}
	reader, err := registry.New(settings)
	if err != nil {
		argument := "registries"
		if errors.Is(err, transport.ErrCACertificates) {
			argument = "registry_ca_certificates"
		}
		resp.Diagnostics.Append(tfdiag.InvalidRegistries(argument, err))
		return
	}
	data.Measurer = &measure.Measurer{
		Registry: reader, Store: measurements, Log: logDebug, Secrets: p.options.Secrets,
	}
}

func logDebug(ctx context.Context, message string, fields map[string]any) {
	tflog.Debug(ctx, message, fields)
}

func (p *Provider) getenv(name string) string {
	value, _ := p.options.LookupEnv(name)
	return value
}

func (p *Provider) userAgent() string {
	return "terraform-provider-tkeimage/" + p.options.Version
}
