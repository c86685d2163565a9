package rootdisk

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"

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
	measurer := d.clients.Measurer
	report, err := measurer.Measure(ctx, request)
	if failed := measurer.Kept.TakeFailure(); failed != nil {
		resp.Diagnostics.Append(tfdiag.MeasurementsNotKept(measurer.Kept.Dir(), failed))
	}
	if err != nil {
		resp.Diagnostics.Append(tfdiag.MeasureErrors(path.Root("images"), err)...)
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
