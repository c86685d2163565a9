package rootdisk

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// DataSource is tkeimage_root_disk_size.
type DataSource struct{ clients *clients.Clients }

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// NewDataSource makes the data source; the framework configures it.
func NewDataSource() datasource.DataSource { return &DataSource{} }

func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_root_disk_size"
}

func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.clients, _ = req.ProviderData.(*clients.Clients)
}

// Read measures the images and recommends a disk. It needs registries, and never the cloud.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	request, diags := config.toMeasureRequest(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	report, err := d.clients.Measurer.Measure(ctx, request)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.MeasureError(path.Root("images"), request.Images, err))
		return
	}
	resp.Diagnostics.Append(tfdiag.RefusedLayers(path.Root("images"), request.Images, report.Refusals)...)
	resp.Diagnostics.Append(tfdiag.FeaturedImages(path.Root("images"), request.Images, report.Images)...)
	resp.Diagnostics.Append(tfdiag.RefutedTables(path.Root("images"), request.Images, report)...)
	disk, err := disksize.Recommend(report.Needs(request.Disk))
	if err != nil {
		resp.Diagnostics.Append(tfdiag.DiskError(err))
		return
	}
	config.setFromReport(report, disk)
	resp.Diagnostics.Append(resp.State.Set(ctx, &config)...)
}

// atLeastZero refuses negative sizes at validation.
type atLeastZero struct{}

func (atLeastZero) Description(context.Context) string {
	return fmt.Sprintf("must be between 0 and %d", disksize.MaxGiB)
}

func (v atLeastZero) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v atLeastZero) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if _, err := gibToBytes(req.ConfigValue); err != nil {
		resp.Diagnostics.AddAttributeError(
			req.Path, "Not a size in GiB", err.Error()+": the value "+v.Description(ctx)+".",
		)
	}
}
