package rootdisk

import (
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// Function is root_disk_size_gib: the arithmetic of the data source, for bytes that are known
// already.
type Function struct{}

// NewFunction makes the function.
func NewFunction() function.Function { return Function{} }

// The arguments, in their order.
const (
	requiredBytes int64 = iota
	writableGiB
	maxUtilizationPercent
)

func (Function) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "root_disk_size_gib"
}

func (Function) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "The smallest disk for a number of bytes",
		MarkdownDescription: fmt.Sprintf(
			"Returns the size in GiB of the smallest disk that holds the images and the data that containers "+
				"write: the arithmetic of data source `tkeimage_root_disk_size`, offline. "+
				"Sizes above the free %d GiB are multiples of %d. The file system's own share is deducted, and the "+
				"disk is filled up to the utilization at most.\n\n"+
				"Bytes alone decide here: where images consist of very many small files, the data source may ask "+
				"for a larger disk, because it counts the files too.",
			disksize.MinGiB, disksize.DefaultRoundToGiB,
		),
		Parameters: sizeParameters(),
		Return:     function.Int64Return{},
	}
}

// sizeParameters are the arguments, in the order of their constants.
func sizeParameters() []function.Parameter {
	return []function.Parameter{
		function.NumberParameter{
			Name: "required_bytes",
			MarkdownDescription: "The bytes of the images on the disk, blobs and unpacked layers. To be as " +
				"safe as the data source, pass its `required_bytes_max`.",
		},
		function.NumberParameter{
			Name:                "writable_gib",
			MarkdownDescription: "Data that the containers write to the disk, in GiB. Null is 0.",
			AllowNullValue:      true,
		},
		function.NumberParameter{
			Name: "max_utilization_percent",
			MarkdownDescription: fmt.Sprintf(
				"How full the disk may become, a whole number of percent from 1 to 100. Null is %d, where "+
					"super nodes begin to remove images.",
				disksize.DefaultMaxUtilizationPercent,
			),
			AllowNullValue: true,
		},
	}
}

func (Function) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var required, writable, utilization types.Number
	if resp.Error = req.Arguments.Get(ctx, &required, &writable, &utilization); resp.Error != nil {
		return
	}
	request, mistake := newDiskRequest(required, writable, utilization)
	if mistake != nil {
		resp.Error = mistake
		return
	}
	disk, err := disksize.Recommend(request)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(blamedArgument(request), err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, disk.SizeGiB)
}

func newDiskRequest(required, writable, utilization types.Number) (disksize.Request, *function.FuncError) {
	request := disksize.Request{
		MaxUtilizationPercent: disksize.DefaultMaxUtilizationPercent,
		RoundToGiB:            disksize.DefaultRoundToGiB,
	}
	var err error
	if request.RequiredBytes, err = parseBytes(required); err != nil {
		return request, function.NewArgumentFuncError(requiredBytes, err.Error())
	}
	if request.WritableBytes, err = gibToBytes(writable); err != nil {
		return request, function.NewArgumentFuncError(writableGiB, err.Error())
	}
	if !utilization.IsNull() {
		if request.MaxUtilizationPercent, err = parsePercent(utilization); err != nil {
			return request, function.NewArgumentFuncError(maxUtilizationPercent, err.Error())
		}
	}
	return request, nil
}

// parseBytes rounds up: what has been worked out by division need not be whole.
func parseBytes(number types.Number) (int64, error) {
	const most = disksize.MaxGiB * disksize.GiB
	written := number.ValueBigFloat()
	if written.Sign() < 0 || written.Cmp(big.NewFloat(most)) > 0 {
		return 0, fmt.Errorf(
			"%s is not between 0 and %d bytes, which is %d GiB, the largest disk", number, int64(most),
			disksize.MaxGiB,
		)
	}
	bytes, accuracy := written.Int64()
	if accuracy == big.Below {
		bytes++
	}
	return bytes, nil
}

func parsePercent(number types.Number) (int, error) {
	percent, accuracy := number.ValueBigFloat().Int64()
	if accuracy != big.Exact || percent < 1 || percent > 100 {
		return 0, fmt.Errorf(
			"%s is not a whole number of percent from 1 to 100, such as %d", number,
			disksize.DefaultMaxUtilizationPercent,
		)
	}
	return int(percent), nil
}

// blamedArgument is the argument to blame when no disk is large enough: what is written, if the
// images alone would fit.
func blamedArgument(request disksize.Request) int64 {
	var tooLarge *disksize.TooLargeError
	request.WritableBytes = 0
	if _, err := disksize.Recommend(request); errors.As(err, &tooLarge) {
		return requiredBytes
	}
	return writableGiB
}
