package imagecache

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

var _ resource.ResourceWithValidateConfig = (*Resource)(nil)

// ValidateConfig refuses what would be sent and then fail, or be of no effect, after an hour.
func (r *Resource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	hosts, diags := config.checkImages()
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(config.checkCredentials(ctx, hosts)...)
	if len(hosts) > 0 {
		resp.Diagnostics.Append(config.checkDigests()...)
	}
	resp.Diagnostics.Append(config.checkIDs()...)
	resp.Diagnostics.Append(config.checkTexts()...)
	resp.Diagnostics.Append(config.checkTimeouts()...)
}

// checkImages checks each image by the rules of the disk size data source. It returns the hosts of
// the images, none unless all of them are known and valid.
func (m *model) checkImages() (hosts []string, diags diag.Diagnostics) {
	complete := !m.Images.IsUnknown()
	for _, element := range m.Images.Elements() {
		image, ok := element.(types.String)
		if !ok || image.IsNull() || image.IsUnknown() {
			complete = false
			continue
		}
		host, err := registry.HostOf(image.ValueString())
		if err != nil {
			diags.Append(tfdiag.InvalidImage(path.Root("images").AtSetValue(image), err))
			continue
		}
		hosts = append(hosts, host)
	}
	if !complete || diags.HasError() {
		return nil, diags
	}
	return slices.Compact(slices.Sorted(slices.Values(hosts))), nil
}

// checkCredentials checks that each host has a user name, a password as it was issued and, where
// the hosts of the images are known, an image.
func (m *model) checkCredentials(ctx context.Context, hosts []string) (diags diag.Diagnostics) {
	for host, element := range m.RegistryCredentials.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			continue
		}
		at := path.Root("registry_credentials").AtMapKey(host)
		var credential credentialModel
		diags.Append(object.As(ctx, &credential, asObject)...)
		if password := credential.PasswordWO; !password.IsUnknown() && password.ValueString() == "" {
			diags.Append(tfdiag.NoPassword(at, host))
		}
		if strings.ContainsAny(credential.PasswordWO.ValueString(), "\r\n") {
			diags.Append(tfdiag.PasswordOfLines(at, host))
		}
		if username := credential.Username; !username.IsUnknown() && username.ValueString() == "" {
			diags.Append(tfdiag.NoUsername(at, host))
		}
		if len(hosts) > 0 && bareHost.MatchString(host) && !slices.Contains(hosts, registry.CanonicalHost(host)) {
			diags.Append(tfdiag.UnusedCredentials(at, host, hosts))
		}
	}
	return diags
}

// checkDigests checks that each digest is that of an image of the cache, as it is written there.
func (m *model) checkDigests() (diags diag.Diagnostics) {
	images := toStrings(m.Images)
	for key := range m.ImageDigests.Elements() {
		if slices.Contains(images, key) {
			continue
		}
		spelled := ""
		for _, image := range images {
			if canonicalReference(image) == canonicalReference(key) {
				spelled = image
			}
		}
		diags.Append(tfdiag.ForeignDigest(path.Root("image_digests").AtMapKey(key), key, spelled, images))
	}
	return diags
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// checkIDs checks that each id is of the kind that its attribute takes.
func (m *model) checkIDs() (diags diag.Diagnostics) {
	check := func(at path.Path, id types.String, prefix string) {
		if id.IsNull() || id.IsUnknown() {
			return
		}
		if rest, ok := strings.CutPrefix(id.ValueString(), prefix); !ok || !idForm.MatchString(rest) {
			diags.Append(tfdiag.WrongID(at, id.ValueString(), prefix))
		}
	}
	check(path.Root("vpc_id"), m.VpcID, "vpc-")
	check(path.Root("subnet_id"), m.SubnetID, "subnet-")
	check(path.Root("existing_eip_id"), m.ExistingEipID, "eip-")
	for _, element := range m.SecurityGroupIDs.Elements() {
		if id, ok := element.(types.String); ok {
			check(path.Root("security_group_ids").AtSetValue(id), id, "sg-")
		}
	}
	return diags
}

// checkTimeouts checks that each timeout is a duration that leaves some time.
func (m *model) checkTimeouts() (diags diag.Diagnostics) {
	for name, value := range m.Timeouts.Attributes() {
		text, ok := value.(types.String)
		if !ok || text.IsNull() || text.IsUnknown() {
			continue
		}
		if timeout, err := time.ParseDuration(text.ValueString()); err != nil || timeout <= 0 {
			diags.Append(tfdiag.InvalidTimeout(path.Root("timeouts"), name, text.ValueString()))
		}
	}
	return diags
}

// resolveKeywords begin the lines of resolv.conf(5) that glibc reads; it silently skips others.
var resolveKeywords = []string{"nameserver", "domain", "search", "sortlist", "options"}

// checkTexts checks what the service takes as it is, and nothing then finds.
func (m *model) checkTexts() (diags diag.Diagnostics) {
	if strings.ContainsFunc(m.Name.ValueString(), unicode.IsControl) {
		diags.Append(tfdiag.ControlCharacter(path.Root("name"), m.Name.ValueString()))
	}
	for key := range m.Tags.Elements() {
		if strings.TrimSpace(key) == "" || strings.ContainsFunc(key, unicode.IsControl) {
			diags.Append(tfdiag.InvalidTagKey(path.Root("tags").AtMapKey(key), key))
		}
	}
	for line := range strings.Lines(m.ResolveConfig.ValueString()) {
		keyword, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(line), "\t", " "), " ")
		if keyword != "" && !strings.ContainsAny(keyword[:1], "#;") && !slices.Contains(resolveKeywords, keyword) {
			diags.Append(tfdiag.InvalidResolveConfig(path.Root("resolve_config"), line, resolveKeywords))
			break
		}
	}
	return diags
}

// noNulls refuses null elements, and names the key of each.
type noNulls struct{}

func (noNulls) Description(context.Context) string { return "must hold no null values" }

func (v noNulls) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (noNulls) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	for key, element := range req.ConfigValue.Elements() {
		if element.IsNull() {
			resp.Diagnostics.Append(tfdiag.NullValue(req.Path.AtMapKey(key), key))
		}
	}
}

func (noNulls) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	for _, element := range req.ConfigValue.Elements() {
		if element.IsNull() {
			resp.Diagnostics.Append(tfdiag.NullValue(req.Path, ""))
			return
		}
	}
}
