package annotations

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// PodAnnotationsFunction is pod_annotations.
type PodAnnotationsFunction struct{}

// NewPodAnnotationsFunction makes the function.
func NewPodAnnotationsFunction() function.Function { return PodAnnotationsFunction{} }

func (PodAnnotationsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "pod_annotations"
}

func (PodAnnotationsFunction) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary: "Pod annotations for image caches and disks",
		MarkdownDescription: "Renders the annotations of a Pod template, whole keys to strings, from options that " +
			"are checked. Null values and empty lists are omitted.\n\n" + optionTable() + "\n" + notes,
		Parameters: []function.Parameter{function.DynamicParameter{
			Name:                "options",
			MarkdownDescription: "An object with any of the keys above.",
			AllowUnknownValues:  true, // so that what is wrong is refused in the plan, whatever stands beside it
		}},
		Return: function.MapReturn{ElementType: types.StringType},
	}
}

const notes = "With `image_cache = \"auto\"` a Pod starts from a disk that is made from a matching cache, which " +
	"`image_cache_disk_size_gib` sizes. When no cache matches, it pulls onto its system disk, of 20 GiB or of " +
	"`root_disk_size_gib`: for images that do not fit in 20 GiB, write both. " +
	"A cache named by its id always makes the disk, so a system disk beside it is refused.\n\n" +
	"An annotation is read when a Pod starts: a disk type that its zone does not sell fails the Pod, not the plan. " +
	"The data source `tkeimage_disk_price` with a `zone` finds that out; in a `check` block it is a warning.\n\n" +
	"These annotations override the cluster's default (see `eks_config`), so `root_disk_size_gib = 20` and " +
	"`must_keep_last_container = false` are rendered too."

// optionTable is the documentation of the options, from what renders them.
func optionTable() string {
	var b strings.Builder
	b.WriteString("| key | value | meaning | annotation |\n|---|---|---|---|\n")
	for _, o := range options {
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", o.name, o.value.describeForm(), o.about, o.key)
	}
	return b.String()
}

func (PodAnnotationsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var argument types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &argument); resp.Error != nil {
		return
	}
	switch written := toGoValue(argument).(type) {
	case Unknown:
		resp.Error = resp.Result.Set(ctx, types.MapUnknown(types.StringType))
	case map[string]any:
		resp.Error = renderInto(ctx, &resp.Result, written)
	default:
		resp.Error = function.NewArgumentFuncError(
			0, "it is "+describeValue(written)+": write an object, such as { root_disk_size_gib = 50 }",
		)
	}
}

func renderInto(ctx context.Context, result *function.ResultData, written Options) *function.FuncError {
	rendered, err := written.Render()
	if err != nil {
		paragraphs := strings.ReplaceAll(err.Error(), "\n", "\n\n")
		return function.NewArgumentFuncError(0, paragraphs)
	}
	if !written.Known() {
		return result.Set(ctx, types.MapUnknown(types.StringType))
	}
	return result.Set(ctx, rendered)
}

// toGoValue is a value of any type as Options hold it.
func toGoValue(written attr.Value) any {
	if written.IsUnknown() {
		return Unknown{}
	}
	if written.IsNull() {
		return nil
	}
	switch written := written.(type) {
	case types.Dynamic:
		return toGoValue(written.UnderlyingValue())
	case types.String:
		return written.ValueString()
	case types.Bool:
		return written.ValueBool()
	case types.Number:
		return written.ValueBigFloat()
	case types.Map:
		return toGoMap(written.Elements())
	case types.Object:
		return toGoMap(written.Attributes())
	case interface{ Elements() []attr.Value }: // a list, a set or a tuple
		elements := make([]any, 0, len(written.Elements()))
		for _, element := range written.Elements() {
			elements = append(elements, toGoValue(element))
		}
		return elements
	}
	return written.String()
}

func toGoMap(written map[string]attr.Value) map[string]any {
	values := make(map[string]any, len(written))
	for name, value := range written {
		values[name] = toGoValue(value)
	}
	return values
}
