package rootdisk

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/deferral"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// DataSource is tkeimage_root_disk_size.
type DataSource struct{ clients *clients.Clients }

var (
	_ datasource.DataSourceWithConfigure      = (*DataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*DataSource)(nil)
)

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
	if failed := measurer.Store.TakeFailure(); failed != nil {
		resp.Diagnostics.Append(tfdiag.MeasurementsNotKept(measurer.Store.Dir(), failed))
	}
	if req.ClientCapabilities.DeferralAllowed && isPending(err) {
		deferral.DeferDataSource(req, resp)
		return
	}
	if err != nil {
		resp.Diagnostics.Append(tfdiag.MeasureErrors(path.Root("images"), err, time.Now())...)
		return
	}
	resp.Diagnostics.Append(listWarnings(request, report)...)
	needs := report.Needs(request.Disk)
	disk, err := disksize.Recommend(needs)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.DiskError(err))
		return
	}
	config.setFromReport(report, needs, disk)
	resp.Diagnostics.Append(resp.State.Set(ctx, &config)...)
}

// isPending reports whether the measurement failed only because a registry's configuration is known
// only during apply.
func isPending(err error) bool {
	failed, ok := errors.AsType[measure.ImageErrors](err)
	return ok && !slices.ContainsFunc(failed, func(image *measure.ImageError) bool {
		return !errors.Is(image.Err, failure.Pending)
	})
}

// listWarnings returns the warnings of a report.
func listWarnings(request measure.Request, report *measure.Report) (warnings diag.Diagnostics) {
	images := path.Root("images")
	warnings.Append(tfdiag.StaleImages(images, report.Stale, time.Now())...)
	warnings.Append(tfdiag.TimeUp(report)...)
	warnings.Append(tfdiag.RefusedLayers(images, request.Images, report.Refusals)...)
	warnings.Append(tfdiag.FeaturedImages(images, request.Images, report.Images)...)
	warnings.Append(tfdiag.RefutedTables(images, request.Images, report)...)
	return warnings
}

// ValidateConfig refuses a time to read in which nothing can be read.
func (d *DataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || config.Timeouts.IsUnknown() {
		return
	}
	if timeout, diags := config.Timeouts.Read(ctx, readTimeout); !diags.HasError() && timeout <= 0 {
		resp.Diagnostics.Append(
			tfdiag.InvalidTimeout(path.Root("timeouts").AtName("read"), "read", timeout.String()),
		)
	}
}
