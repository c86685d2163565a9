package provider

import (
	"context"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// model is the provider's configuration.
type model struct {
	SecretID                  types.String  `tfsdk:"secret_id"`
	SecretKey                 types.String  `tfsdk:"secret_key"`
	SecurityToken             types.String  `tfsdk:"security_token"`
	Region                    types.String  `tfsdk:"region"`
	Protocol                  types.String  `tfsdk:"protocol"`
	Domain                    types.String  `tfsdk:"domain"`
	SharedCredentialsDir      types.String  `tfsdk:"shared_credentials_dir"`
	Profile                   types.String  `tfsdk:"profile"`
	CAMRoleName               types.String  `tfsdk:"cam_role_name"`
	EnablePodOIDC             types.Bool    `tfsdk:"enable_pod_oidc"`
	AllowedAccountIDs         types.Set     `tfsdk:"allowed_account_ids"`
	ForbiddenAccountIDs       types.Set     `tfsdk:"forbidden_account_ids"`
	AssumeRole                types.Set     `tfsdk:"assume_role"`
	AssumeRoleWithSAML        types.List    `tfsdk:"assume_role_with_saml"`
	AssumeRoleWithWebIdentity types.List    `tfsdk:"assume_role_with_web_identity"`
	Endpoints                 types.Map     `tfsdk:"endpoints"`
	Registries                types.Map     `tfsdk:"registries"`
	RegistryHostsDir          types.String  `tfsdk:"registry_hosts_dir"`
	RegistryCACertificates    types.String  `tfsdk:"registry_ca_certificates"`
	DockerConfig              types.String  `tfsdk:"docker_config"`
	MeasurementCacheDir       types.String  `tfsdk:"measurement_cache_dir"`
	MaxRequestsPerSecond      types.Float64 `tfsdk:"max_requests_per_second"`
	DefaultTags               types.Map     `tfsdk:"default_tags"`
	IgnoreTags                types.Object  `tfsdk:"ignore_tags"`
	MaxParallelUpdates        types.Int64   `tfsdk:"max_parallel_updates"`
}

type registryModel struct {
	Username           types.String `tfsdk:"username"`
	Password           types.String `tfsdk:"password"`
	PlainHTTP          types.Bool   `tfsdk:"plain_http"`
	InsecureSkipVerify types.Bool   `tfsdk:"insecure_skip_verify"`
	CACertificate      types.String `tfsdk:"ca_certificate"`
	ClientCertificate  types.String `tfsdk:"client_certificate"`
	ClientKey          types.String `tfsdk:"client_key"`
	Mirrors            []string     `tfsdk:"mirrors"` // nil where it is null
}

func (m *model) endpointURL(service string, getenv func(string) string) string {
	if value, ok := m.Endpoints.Elements()[service].(types.String); ok && value.ValueString() != "" {
		return value.ValueString()
	}
	return getenv(endpointVariable(service))
}

// registryHosts are the registries that are configured. What is known only during apply is pending:
// of a host, or of all that are not here.
func (m *model) registryHosts(
	ctx context.Context,
) (hosts map[string]transport.Host, pending bool, diags diag.Diagnostics) {
	pending = m.Registries.IsUnknown() || m.DockerConfig.IsUnknown() || m.RegistryHostsDir.IsUnknown() ||
		m.RegistryCACertificates.IsUnknown()
	hosts, known := map[string]transport.Host{}, map[string]attr.Value{}
	for host, value := range m.Registries.Elements() {
		if containsUnknown(value) {
			hosts[host] = transport.Host{Pending: true}
			continue
		}
		known[host] = value
	}
	var configured map[string]registryModel
	diags = types.MapValueMust(m.Registries.ElementType(ctx), known).ElementsAs(ctx, &configured, false)
	for host, c := range configured {
		hosts[host] = transport.Host{
			Username:           c.Username.ValueString(),
			Password:           c.Password.ValueString(),
			PlainHTTP:          c.PlainHTTP.ValueBool(),
			InsecureSkipVerify: c.InsecureSkipVerify.ValueBool(),
			CACertificate:      c.CACertificate.ValueString(),
			ClientCertificate:  c.ClientCertificate.ValueString(),
			ClientKey:          c.ClientKey.ValueString(),
			Mirrors:            c.Mirrors,
		}
	}
	return hosts, pending, diags
}

// openHostsDir reads the directory of the argument, or else of the environment; nil is none.
func (m *model) openHostsDir(getenv func(string) string) (opened *hostsdir.Dir, diags diag.Diagnostics) {
	dir := getenv(envRegistryHostsDir)
	if !m.RegistryHostsDir.IsNull() {
		dir = m.RegistryHostsDir.ValueString() // "" while it is unknown
	}
	if dir == "" {
		return nil, nil
	}
	opened, faults := hostsdir.Open(dir)
	for _, fault := range faults {
		diags.Append(tfdiag.HostsDirFault(fault))
	}
	for _, host := range opened.ListUnverified() {
		diags.Append(tfdiag.UnverifiedEndpoint(host))
	}
	return opened, diags
}

// measurementCacheDir: an argument, even an empty one, beats the environment, which beats the
// user's cache directory.
func (m *model) measurementCacheDir(lookupEnv func(string) (string, bool)) string {
	if !m.MeasurementCacheDir.IsNull() && !m.MeasurementCacheDir.IsUnknown() {
		return m.MeasurementCacheDir.ValueString()
	}
	if dir, set := lookupEnv(envMeasurementCacheDir); set {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "" // without a home there is nowhere to keep anything
	}
	return filepath.Join(dir, "terraform-provider-tkeimage")
}
