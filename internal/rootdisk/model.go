package rootdisk

import (
	"cmp"
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// model is the data source as configuration and state hold it.
type model struct {
	Images                types.List   `tfsdk:"images"`
	Platform              types.String `tfsdk:"platform"`
	Measure               types.String `tfsdk:"measure"`
	ReadBudgetMiB         types.Int64  `tfsdk:"read_budget_mib"`
	StaleIfError          types.Bool   `tfsdk:"stale_if_error"`
	WritableGiB           types.Number `tfsdk:"writable_gib"`
	MaxUtilizationPercent types.Int64  `tfsdk:"max_utilization_percent"`
	RoundToGiB            types.Int64  `tfsdk:"round_to_gib"`

	Timeouts timeouts.Value `tfsdk:"timeouts"`

	SizeGiB          types.Int64            `tfsdk:"size_gib"`
	FitsDefaultDisk  types.Bool             `tfsdk:"fits_default_disk"`
	BillableGiB      types.Int64            `tfsdk:"billable_gib"`
	CompressedBytes  types.Int64            `tfsdk:"compressed_bytes"`
	UnpackedBytes    types.Int64            `tfsdk:"unpacked_bytes"`
	RequiredBytes    types.Int64            `tfsdk:"required_bytes"`
	RequiredBytesMin types.Int64            `tfsdk:"required_bytes_min"`
	RequiredBytesMax types.Int64            `tfsdk:"required_bytes_max"`
	RequiredInodes   types.Int64            `tfsdk:"required_inodes"`
	Exact            types.Bool             `tfsdk:"exact"`
	Digests          types.Map              `tfsdk:"digests"`
	PinnedImages     types.Map              `tfsdk:"pinned_images"`
	ImageDetails     map[string]detailModel `tfsdk:"image_details"`
	PodAnnotations   types.Map              `tfsdk:"pod_annotations"`
	Report           types.String           `tfsdk:"report"`
}

type detailModel struct {
	Digest          types.String `tfsdk:"digest"`
	Manifests       []string     `tfsdk:"manifests"`
	Platform        types.String `tfsdk:"platform"`
	CompressedBytes types.Int64  `tfsdk:"compressed_bytes"`
	UnpackedBytes   types.Int64  `tfsdk:"unpacked_bytes"`
	Layers          []layerModel `tfsdk:"layers"`
}

type layerModel struct {
	Digest          types.String `tfsdk:"digest"`
	DiffID          types.String `tfsdk:"diff_id"`
	MediaType       types.String `tfsdk:"media_type"`
	CompressedBytes types.Int64  `tfsdk:"compressed_bytes"`
	UnpackedBytes   types.Int64  `tfsdk:"unpacked_bytes"`
	DiskBytes       types.Int64  `tfsdk:"disk_bytes"`
	Files           types.Int64  `tfsdk:"files"`
	Method          types.String `tfsdk:"method"`
	Exact           types.Bool   `tfsdk:"exact"`
}

// toMeasureRequest returns what to measure and for which disk, with the defaults filled in.
func (m *model) toMeasureRequest(ctx context.Context) (measure.Request, diag.Diagnostics) {
	request := measure.Request{
		Platform:   cmp.Or(m.Platform.ValueString(), registry.DefaultPlatform),
		Mode:       measure.Mode(cmp.Or(m.Measure.ValueString(), string(measure.Auto))),
		ReadBudget: measure.DefaultReadBudget,
		Disk:       measure.DefaultDisk,

		StaleIfError: m.StaleIfError.ValueBool(),
	}
	if !m.ReadBudgetMiB.IsNull() {
		request.ReadBudget = m.ReadBudgetMiB.ValueInt64() * mib
	}
	diags := m.Images.ElementsAs(ctx, &request.Images, false)
	timeout, ds := m.Timeouts.Read(ctx, readTimeout)
	request.Timeout = timeout
	diags.Append(ds...)
	request.Disk.MaxUtilizationPercent = int(
		valueOrDefault(m.MaxUtilizationPercent, int64(request.Disk.MaxUtilizationPercent)),
	)
	request.Disk.RoundToGiB = int(valueOrDefault(m.RoundToGiB, int64(request.Disk.RoundToGiB)))
	var err error
	if request.Disk.WritableBytes, err = gibToBytes(m.WritableGiB); err != nil {
		diags.Append(tfdiag.InvalidSize(path.Root("writable_gib"), err))
	}
	return request, diags
}

// setFromReport sets the computed attributes from what was measured and recommended.
func (m *model) setFromReport(report *measure.Report, needs disksize.Request, disk disksize.Recommendation) {
	m.SizeGiB = types.Int64Value(disk.SizeGiB)
	m.FitsDefaultDisk = types.BoolValue(disk.FitsDefaultDisk())
	m.BillableGiB = types.Int64Value(disk.BillableGiB)
	m.CompressedBytes = types.Int64Value(report.CompressedBytes)
	m.UnpackedBytes = types.Int64Value(report.UnpackedBytes.Value)
	m.RequiredBytes = types.Int64Value(report.RequiredBytes.Value)
	m.RequiredBytesMin = types.Int64Value(report.RequiredBytes.Min)
	m.RequiredBytesMax = types.Int64Value(report.RequiredBytes.Max)
	m.RequiredInodes = types.Int64PointerValue(report.Inodes)
	m.Exact = types.BoolValue(report.Exact)
	m.PodAnnotations = toMap(annotations.RootDisk(disk.SizeGiB))

	digests, pinned := map[string]string{}, map[string]string{}
	m.ImageDetails = map[string]detailModel{}
	for _, image := range report.Images {
		digests[image.Reference] = image.Digest
		pinned[image.Reference] = image.Repository + "@" + image.Digest
		m.ImageDetails[image.Reference] = newDetail(image)
	}
	m.Digests, m.PinnedImages = toMap(digests), toMap(pinned)
	m.Report = types.StringValue(renderReport(report, needs, disk))
}

func newDetail(image measure.Image) detailModel {
	detail := detailModel{
		Digest:          types.StringValue(image.Digest),
		Manifests:       image.Manifests,
		Platform:        types.StringValue(image.Platform),
		CompressedBytes: types.Int64Value(image.CompressedBytes),
		UnpackedBytes:   types.Int64Value(image.UnpackedBytes),
		Layers:          make([]layerModel, 0, len(image.Layers)),
	}
	for i, layer := range image.Layers {
		detail.Layers = append(detail.Layers, newLayer(layer, image.Measurements[i]))
	}
	return detail
}

func newLayer(layer registry.Layer, measured layersize.Measurement) layerModel {
	return layerModel{
		Digest:          types.StringValue(layer.Digest),
		DiffID:          types.StringValue(layer.DiffID),
		MediaType:       types.StringValue(layer.MediaType),
		CompressedBytes: types.Int64Value(layer.Size),
		UnpackedBytes:   types.Int64Value(measured.UnpackedBytes.Value),
		DiskBytes:       types.Int64Value(measured.DiskBytes.Value),
		Files:           types.Int64PointerValue(measured.Inodes),
		Method:          types.StringValue(string(measured.Method)),
		Exact:           types.BoolValue(measured.Exact),
	}
}

// gibToBytes converts GiB, fractions too, and rounds up to whole bytes; null and unknown are 0. The
// error is of a size below 0 or above the largest disk.
func gibToBytes(gib types.Number) (int64, error) {
	if gib.IsNull() || gib.IsUnknown() {
		return 0, nil
	}
	product := new(big.Float).Mul(gib.ValueBigFloat(), big.NewFloat(disksize.GiB))
	bytes, accuracy := product.Int64()
	if accuracy == big.Below {
		bytes++
	}
	if product.Sign() < 0 || product.Cmp(big.NewFloat(disksize.MaxGiB*disksize.GiB)) > 0 {
		return 0, fmt.Errorf("%s GiB is not between 0 and %d GiB, the largest disk", gib.String(), disksize.MaxGiB)
	}
	return bytes, nil
}

func valueOrDefault(value types.Int64, otherwise int64) int64 {
	if value.IsNull() || value.IsUnknown() {
		return otherwise
	}
	return value.ValueInt64()
}

func toMap(values map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(values))
	for key, value := range values {
		elements[key] = types.StringValue(value)
	}
	return types.MapValueMust(types.StringType, elements)
}
