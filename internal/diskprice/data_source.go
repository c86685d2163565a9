package diskprice

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/deferral"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// DataSource is data "tkeimage_disk_price": what the account is asked for a cloud disk.
type DataSource struct{ clients *clients.Clients }

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// NewDataSource returns the data source; the framework configures it.
func NewDataSource() datasource.DataSource { return &DataSource{} }

func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_disk_price"
}

func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.clients, _ = req.ProviderData.(*clients.Clients)
}

// diskType is compiled once: a schema is asked for with each command.
var diskType = regexp.MustCompile(`^CLOUD_[A-Z0-9_]+$`)

func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What your account is asked for a cloud disk that is billed by the hour, by the disk " +
			"API's own inquiry. Function `monthly_cost` compares both remedies with it: an image cache, whose " +
			"disks are billed whole, and a larger system disk, of which 20 GiB are free.\n\n" +
			"That the disks of Pods have the price of cloud disks is not published: compare a bill before you rely " +
			"on it. It takes the CAM action `cbs:InquiryPriceCreateDisks`, and `cbs:DescribeDiskConfigQuota` where " +
			"`zone` is set.",
		Attributes: map[string]schema.Attribute{},
	}
	maps.Copy(resp.Schema.Attributes, diskArguments())
	maps.Copy(resp.Schema.Attributes, priceResults())
}

func diskArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"disk_type": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Type of the disk, such as `CLOUD_PREMIUM`, `CLOUD_BSSD`, `CLOUD_SSD` or " +
				"`CLOUD_HSSD`. With `zone`, a type that the zone does not sell is an error.",
			Validators: []validator.String{stringvalidator.RegexMatches(
				diskType, "write a type of cloud disk, such as CLOUD_PREMIUM")},
		},
		"size_gib": schema.Int64Attribute{
			Required:            true,
			MarkdownDescription: "Size of the disk in GiB, such as `size_gib` of `tkeimage_root_disk_size`.",
			Validators:          []validator.Int64{int64validator.Between(1, disksize.MaxGiB)},
		},
		"zone": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Zone, such as `ap-guangzhou-3`: an error where it does not sell such a disk. " +
				"The price is the region's, since the inquiry takes no zone.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
	}
}

func priceResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"price_per_hour": schema.NumberAttribute{
			Computed:            true,
			MarkdownDescription: "Price of the whole disk for an hour, with the discount of your account.",
		},
		"price_gib_month": schema.NumberAttribute{
			Computed:            true,
			MarkdownDescription: "`price_per_hour` × 730 ÷ `size_gib`, rounded to six digits after the point.",
		},
		"currency": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "`USD` where the provider calls the international site (`domain = " +
				"\"intl.tencentcloudapi.com\"`), else `CNY`: as the pages of both sites state it, since the " +
				"answer names no currency. What the other address answers to an account of the international " +
				"site is unconfirmed.",
		},
	}
}

func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if deferral.IsDue(req.ClientCapabilities.DeferralAllowed, d.clients) {
		deferral.DeferDataSource(req, resp)
		return
	}
	disk := m.disk()
	attempt := fmt.Sprintf("price a disk of type %s and %d GiB", disk.Type, disk.SizeGiB)
	disks, err := d.clients.CBS()
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError(attempt, err, d.clients))
		return
	}
	resp.Diagnostics.Append(d.checkZone(ctx, disks, disk, m.Zone.ValueString())...)
	if resp.Diagnostics.HasError() {
		return
	}
	price, err := disks.PricePerHour(ctx, disk)
	if err != nil {
		resp.Diagnostics.Append(attributeDisk(tfdiag.CloudError(attempt, err, d.clients), err))
		return
	}
	m.setPrice(price, d.clients.Currency)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// checkZone returns an error on zone where it does not sell the disk. It makes no request where no
// zone is named.
func (d *DataSource) checkZone(ctx context.Context, disks *cbs.Client, disk cbs.Disk, zone string) diag.Diagnostics {
	if zone == "" {
		return nil
	}
	configs, err := disks.Configs(ctx, disk.Type, zone)
	if err != nil {
		return diag.Diagnostics{tfdiag.CloudError("look up the disks of zone "+zone, err, d.clients)}
	}
	for _, config := range configs {
		if config.Sells(disk.SizeGiB) {
			return nil
		}
	}
	return diag.Diagnostics{diag.WithPath(path.Root("zone"), tfdiag.DiskNotSold(zone, disk, configs))}
}

// attributeDisk puts a refusal of a value on disk_type: the service names neither field by a code
// of its own.
func attributeDisk(failure diag.Diagnostic, err error) diag.Diagnostic {
	failed, ok := errors.AsType[*cbs.Error](err)
	if ok && failed.HasCode("InvalidParameterValue", "InvalidParameter") {
		return diag.WithPath(path.Root("disk_type"), failure)
	}
	return failure
}
