package diskprice

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Function is monthly_cost.
type Function struct{}

// NewFunction returns the function.
func NewFunction() function.Function { return Function{} }

func (Function) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "monthly_cost"
}

// termTypes and costTypes are the object that the function returns.
var (
	termTypes = map[string]attr.Type{
		"snapshot":     types.NumberType,
		"cache_disks":  types.NumberType,
		"system_disks": types.NumberType,
		"billable_gib": types.NumberType,
	}
	costTypes = map[string]attr.Type{
		"image_cache": types.NumberType, "root_disk": types.NumberType, "cheaper": types.StringType,
		"terms": types.ObjectType{AttrTypes: termTypes},
	}
)

func (Function) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "What an image cache and a larger system disk cost in a month",
		MarkdownDescription: "Compares both remedies in money. It is pure arithmetic: prices are arguments, no " +
			"request is made. Results are rounded to six digits.\n\n" +
			describeOptions() +
			"\nThe result is an object:\n\n" +
			"- `image_cache`: `terms.snapshot` and `terms.cache_disks` together\n" +
			"- `root_disk`: `terms.system_disks`\n" +
			"- `cheaper`: `image_cache`, `root_disk`, or `neither` where both cost the same\n" +
			"- `terms.snapshot`: `size_gib` × `snapshot_price_gib_month`, for the whole month. " +
			"The service bills the capacity of the snapshot, which is `size_gib` at most\n" +
			"- `terms.cache_disks`: `size_gib` × `pods` × `hours_per_month` ÷ 730 × `disk_price_gib_month`: " +
			"a disk that is made from a cache is billed whole, for the life of its Pod\n" +
			"- `terms.system_disks`: `terms.billable_gib` × `pods` × `hours_per_month` ÷ 730 × " +
			"`disk_price_gib_month`\n" +
			"- `terms.billable_gib`: what is above the free 20 GiB of one system disk\n\n" +
			"What a Pod waits while its images are pulled is in neither: an image cache is mostly bought " +
			"for that time.",
		Parameters: []function.Parameter{function.DynamicParameter{
			Name: "options", MarkdownDescription: "An object with the keys above.", AllowUnknownValues: true,
		}},
		Return: function.ObjectReturn{AttributeTypes: costTypes},
	}
}

// describeOptions is the documentation of the keys.
func describeOptions() string {
	var b strings.Builder
	b.WriteString("| key | meaning |\n|---|---|\n")
	for _, o := range costOptions {
		fmt.Fprintf(&b, "| `%s` | %s |\n", o.name, o.about)
	}
	return b.String()
}

func (Function) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var argument types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &argument); resp.Error != nil {
		return
	}
	if argument.IsUnknown() || argument.IsUnderlyingValueUnknown() {
		resp.Error = resp.Result.Set(ctx, types.ObjectUnknown(costTypes))
		return
	}
	written, ok := elementsOf(argument.UnderlyingValue())
	if !ok {
		resp.Error = function.NewArgumentFuncError(
			0,
			"it is no object: write one, such as { size_gib = 50, pods = 10, … }",
		)
		return
	}
	use, known, err := readUsage(written)
	switch {
	case err != nil:
		resp.Error = function.NewArgumentFuncError(0, err.Error())
	case !known:
		resp.Error = resp.Result.Set(ctx, types.ObjectUnknown(costTypes))
	default:
		resp.Error = resp.Result.Set(ctx, toTerraform(estimateMonth(use)))
	}
}

// elementsOf returns the values of an object or a map.
func elementsOf(value attr.Value) (map[string]attr.Value, bool) {
	switch value := value.(type) {
	case types.Object:
		return value.Attributes(), !value.IsNull()
	case types.Map:
		return value.Elements(), !value.IsNull()
	}
	return nil, false
}

func toTerraform(c cost) types.Object {
	numbers := func(of map[string]*big.Rat) map[string]attr.Value {
		values := map[string]attr.Value{}
		for name, number := range of {
			values[name] = roundPrice(number)
		}
		return values
	}
	values := numbers(map[string]*big.Rat{"image_cache": c.ImageCache, "root_disk": c.RootDisk})
	values["cheaper"] = types.StringValue(c.nameCheaper())
	values["terms"] = types.ObjectValueMust(termTypes, numbers(map[string]*big.Rat{
		"snapshot":     c.Snapshot,
		"cache_disks":  c.CacheDisks,
		"system_disks": c.SystemDisks,
		"billable_gib": c.BillableGiB,
	}))
	return types.ObjectValueMust(costTypes, values)
}
