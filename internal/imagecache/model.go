package imagecache

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// model is the resource as plan, configuration and state hold it.
type model struct {
	ID                  types.String   `tfsdk:"id"`
	Name                types.String   `tfsdk:"name"`
	Images              types.Set      `tfsdk:"images"`
	VpcID               types.String   `tfsdk:"vpc_id"`
	SubnetID            types.String   `tfsdk:"subnet_id"`
	SecurityGroupIDs    types.Set      `tfsdk:"security_group_ids"`
	SizeGiB             types.Int64    `tfsdk:"size_gib"`
	RetentionDays       types.Int64    `tfsdk:"retention_days"`
	RegistryCredentials types.Map      `tfsdk:"registry_credentials"`
	ExistingEipID       types.String   `tfsdk:"existing_eip_id"`
	AutoEip             types.Object   `tfsdk:"auto_eip"`
	InsecureRegistries  types.Set      `tfsdk:"insecure_registries"`
	HTTPRegistries      types.Set      `tfsdk:"http_registries"`
	ResolveConfig       types.String   `tfsdk:"resolve_config"`
	Snapshotter         types.String   `tfsdk:"snapshotter"`
	Tags                types.Map      `tfsdk:"tags"`
	TagsAll             types.Map      `tfsdk:"tags_all"`
	ImageDigests        types.Map      `tfsdk:"image_digests"`
	Rebuild             types.String   `tfsdk:"rebuild"`
	Timeouts            timeouts.Value `tfsdk:"timeouts"`
	Status              types.String   `tfsdk:"status"`
	Type                types.String   `tfsdk:"type"`
	SnapshotID          types.String   `tfsdk:"snapshot_id"`
	CreatedAt           types.String   `tfsdk:"created_at"`
	ExpiresAt           types.String   `tfsdk:"expires_at"`
	PodAnnotations      types.Map      `tfsdk:"pod_annotations"`
}

type credentialModel struct {
	Username          types.String `tfsdk:"username"`
	PasswordWO        types.String `tfsdk:"password_wo"`
	PasswordWOVersion types.Int64  `tfsdk:"password_wo_version"`
	Name              types.String `tfsdk:"name"`
}

type autoEipModel struct {
	BandwidthMbps types.Int64  `tfsdk:"bandwidth_mbps"`
	ISP           types.String `tfsdk:"isp"`
	Keep          types.Bool   `tfsdk:"keep"`
}

type identityModel struct {
	ID     types.String `tfsdk:"id"`
	Region types.String `tfsdk:"region"`
}

// newName is the default of `name`.
func newName() string { return "tf-" + strings.ToLower(rand.Text()[:12]) }

// generateName names a cache whose name is to be generated, and reports whether it did.
func (m *model) generateName() bool {
	if !m.Name.IsUnknown() {
		return false
	}
	m.Name = types.StringValue(newName())
	return true
}

// toCreateRequest converts a plan. Passwords are write-only, so they are read from the
// configuration.
func (m *model) toCreateRequest(ctx context.Context, config *model) (tke.CreateRequest, diag.Diagnostics) {
	credentials, diags := config.registryCredentials(ctx)
	request := tke.CreateRequest{
		Images:           toStrings(m.Images),
		VpcID:            m.VpcID.ValueString(),
		SubnetID:         m.SubnetID.ValueString(),
		Name:             m.Name.ValueString(),
		SecurityGroupIDs: toStrings(m.SecurityGroupIDs),
		Credentials:      credentials,
		ExistingEipID:    m.ExistingEipID.ValueString(),
		SizeGiB:          m.SizeGiB.ValueInt64(),
		RetentionDays:    m.RetentionDays.ValueInt64(),
		InsecureHosts:    toStrings(m.InsecureRegistries),
		HTTPHosts:        toStrings(m.HTTPRegistries),
		ResolveConfig:    m.ResolveConfig.ValueString(),
		Tags:             toTags(m.TagsAll),
	}
	if !m.AutoEip.IsNull() {
		var eip autoEipModel
		diags.Append(m.AutoEip.As(ctx, &eip, asObject)...)
		request.AutoCreateEip = true
		request.AutoEip = &tke.AutoEip{
			DeletePolicy:  deletePolicy(eip.Keep),
			ISP:           eip.ISP.ValueString(),
			BandwidthMbps: eip.BandwidthMbps.ValueInt64(),
		}
	}
	return request, diags
}

// deletePolicy: `Never` keeps the address; anything else releases it.
func deletePolicy(keep types.Bool) string {
	if keep.ValueBool() {
		return "Never"
	}
	return "Release"
}

// toUpdateRequest returns the request that turns the state into the plan.
func (m *model) toUpdateRequest(ctx context.Context, state, config *model) (tke.UpdateRequest, diag.Diagnostics) {
	var diags diag.Diagnostics
	request := tke.UpdateRequest{ID: state.ID.ValueString()}
	if !m.Name.Equal(state.Name) {
		request.Name = m.Name.ValueStringPointer()
	}
	if !m.RetentionDays.Equal(state.RetentionDays) {
		request.RetentionDays = m.RetentionDays.ValueInt64Pointer()
	}
	if !m.SizeGiB.Equal(state.SizeGiB) {
		request.SizeGiB = m.SizeGiB.ValueInt64Pointer()
	}
	if needsRebuild(state, m) || !m.Images.Equal(state.Images) {
		request.Images = toStrings(m.Images)
	}
	if !m.SecurityGroupIDs.Equal(state.SecurityGroupIDs) &&
		!(state.SecurityGroupIDs.IsNull() && m.SecurityGroupIDs.IsNull()) {
		request.SecurityGroupIDs = new(toStrings(m.SecurityGroupIDs))
	}
	if changesTags(state, m) {
		request.Tags = new(toTags(m.TagsAll))
	}
	if !m.RegistryCredentials.Equal(state.RegistryCredentials) ||
		pullsImages(request) && !m.RegistryCredentials.IsNull() {
		// What is pulled again may need a fresh token: the one from the first build may have ended
		// long ago.
		credentials, odd := config.registryCredentials(ctx)
		diags.Append(odd...)
		request.Credentials = &credentials
	}
	return request, diags
}

// isEmptyUpdate reports whether a request changes nothing.
func isEmptyUpdate(request tke.UpdateRequest) bool {
	return request.Name == nil && request.RetentionDays == nil && request.SizeGiB == nil && request.Images == nil &&
		request.SecurityGroupIDs == nil && request.Tags == nil && request.Credentials == nil
}

// showsUpdate reports whether a cache shows every value that a request sets, as far as the service
// returns them.
func showsUpdate(cache *tke.ImageCache, request tke.UpdateRequest) bool {
	switch {
	case request.Name != nil && cache.Name != *request.Name,
		request.SizeGiB != nil && cache.SizeGiB != *request.SizeGiB,
		request.RetentionDays != nil && cache.RetentionDays != nil && *cache.RetentionDays != *request.RetentionDays,
		request.Images != nil && !sameImages(cache.Images, request.Images):
		return false
	}
	return true
}

// setComputedFromAPI fills in the values that the plan left unknown. Planned values stay, even
// where the API returns others: Terraform would report an inconsistent result and taint a new
// cache. The next refresh shows the difference.
func (m *model) setComputedFromAPI(cache *tke.ImageCache) {
	current := *m
	current.refreshFromAPI(cache)
	setIfUnknown(&m.ID, current.ID)
	setIfUnknown(&m.Status, current.Status)
	setIfUnknown(&m.Type, current.Type)
	setIfUnknown(&m.SnapshotID, current.SnapshotID)
	setIfUnknown(&m.Snapshotter, current.Snapshotter)
	setIfUnknown(&m.CreatedAt, current.CreatedAt)
	setIfUnknown(&m.ExpiresAt, current.ExpiresAt)
	m.PodAnnotations = current.PodAnnotations
}

func setIfUnknown(planned *types.String, value types.String) {
	if planned.IsUnknown() {
		*planned = value
	}
}

// importFromAPI sets the values of a cache that was created elsewhere, tags included.
func (m *model) importFromAPI(cache *tke.ImageCache, rules *clients.TagRules) {
	m.refreshFromAPI(cache)
	m.importTagsFromAPI(cache, rules)
}

// refreshFromAPI sets the values that the API returns. Values that it never returns, or only spells
// differently, stay as they are.
func (m *model) refreshFromAPI(cache *tke.ImageCache) {
	m.ID = types.StringValue(cache.ID)
	m.Name = stringOrNull(cache.Name) // the service's own caches have none
	m.Images = keepConfiguredSpelling(cache.Images, m.Images)
	m.SizeGiB = types.Int64Value(cache.SizeGiB)
	m.Status = types.StringValue(cache.Status)
	m.Type = stringOrNull(cache.Type)
	m.SnapshotID = stringOrNull(cache.SnapshotID)
	m.Snapshotter = stringOrNull(cache.Snapshotter)
	m.CreatedAt = timeOrNull(cache.Created.Time)
	m.PodAnnotations = toMap(annotations.PinTo(cache.ID))
	m.refreshRetentionFromAPI(cache)
}

func (m *model) refreshRetentionFromAPI(cache *tke.ImageCache) {
	if cache.RetentionDays != nil {
		m.RetentionDays = types.Int64Value(*cache.RetentionDays)
	}
	m.ExpiresAt = types.StringNull()
	if at, expires := cache.ExpiresAt(); expires {
		m.ExpiresAt = timeOrNull(at)
		if m.RetentionDays.IsNull() {
			m.RetentionDays = types.Int64Value(int64(at.Sub(cache.Created.Time).Round(24*time.Hour) / (24 * time.Hour)))
		}
	}
	if m.RetentionDays.IsNull() {
		m.RetentionDays = types.Int64Value(0)
	}
}

func (m *model) registryCredentials(ctx context.Context) ([]tke.RegistryCredential, diag.Diagnostics) {
	hosts := map[string]credentialModel{}
	diags := m.RegistryCredentials.ElementsAs(ctx, &hosts, false)
	credentials := make([]tke.RegistryCredential, 0, len(hosts))
	for _, host := range slices.Sorted(maps.Keys(hosts)) {
		credentials = append(credentials, tke.RegistryCredential{
			Server:   host,
			Username: hosts[host].Username.ValueString(),
			Password: hosts[host].PasswordWO.ValueString(),
			Name:     hosts[host].Name.ValueString(),
		})
	}
	return credentials, diags
}
