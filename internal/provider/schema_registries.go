package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const (
	envMeasurementCacheDir = "TKEIMAGE_MEASUREMENT_CACHE_DIR"
	envRegistryHostsDir    = "TKEIMAGE_REGISTRY_HOSTS_DIR"
)

// readingAttributes are what reading images depends on.
func readingAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"registries": registriesAttribute(),
		"registry_hosts_dir": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Directory in containerd's `certs.d` layout (`<host>/hosts.toml`): mirrors, CA " +
				"and client certificates, and plain HTTP of each registry host, as the nodes have them. What " +
				"`registries` says of a host comes first. " + describeVariable(envRegistryHostsDir),
		},
		"registry_ca_certificates": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Certificates in PEM, trusted beside the system's for every registry, token " +
				"service and blob store: that of a proxy which intercepts TLS, for example.",
		},
		"docker_config": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Directory of a Docker `config.json` with registry credentials. Default: " +
				"Docker's own rules (`DOCKER_CONFIG`, `~/.docker`, credential helpers).",
		},
		"measurement_cache_dir": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Directory where measurements of layers are kept by digest; `\"\"` keeps none. " +
				describeVariable(envMeasurementCacheDir) +
				" Default: `terraform-provider-tkeimage` under the user's cache directory.",
		},
	}
}

func registriesAttribute() schema.Attribute {
	return schema.MapNestedAttribute{
		Optional: true,
		MarkdownDescription: "How to read image metadata, by registry host (with its port). A host that is not " +
			"listed here is read with Docker's configuration, or anonymously. A host that is only a mirror or a " +
			"blob store may be listed too.",
		Validators: []validator.Map{
			mapvalidator.NoNullValues(),
			mapvalidator.KeysAre(stringvalidator.RegexMatches(bareHost,
				"must be a bare host, with a port where it needs one (registry.example.com:5000): no scheme, no path")),
		},
		NestedObject: schema.NestedAttributeObject{Attributes: registryAttributes()},
	}
}

func registryAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"username": schema.StringAttribute{Optional: true, MarkdownDescription: "User name."},
		"password": schema.StringAttribute{
			Optional:            true,
			Sensitive:           true,
			MarkdownDescription: "Password or token; it may be ephemeral.",
		},
		"plain_http": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether the registry uses plain HTTP. Default: `false`, except for loopback " +
				"addresses.",
		},
		"insecure_skip_verify": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether to skip the check of the registry's certificate. Default: `false`.",
		},
		"ca_certificate": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Certificate of a private CA in PEM, trusted for this host beside the system's.",
		},
		"client_certificate": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Certificate in PEM that is shown to this host where it asks for one.",
			Validators: []validator.String{
				stringvalidator.AlsoRequires(path.MatchRelative().AtParent().AtName("client_key")),
			},
		},
		"client_key": schema.StringAttribute{
			Optional:            true,
			Sensitive:           true,
			MarkdownDescription: "Key of `client_certificate` in PEM; it may be ephemeral.",
			Validators: []validator.String{
				stringvalidator.AlsoRequires(path.MatchRelative().AtParent().AtName("client_certificate")),
			},
		},
		"mirrors": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Mirrors of this registry, hosts or URLs, asked in order before the registry " +
				"itself, by containerd's rules (path prefix, `?ns=`). The next one is asked where an image is not " +
				"found, or a mirror fails. Images keep their names. Each host has its own credentials.",
			Validators: []validator.List{listvalidator.NoNullValues()},
		},
	}
}
