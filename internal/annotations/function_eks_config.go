package annotations

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// EKSConfigFunction is eks_config.
type EKSConfigFunction struct{}

// NewEKSConfigFunction makes the function.
func NewEKSConfigFunction() function.Function { return EKSConfigFunction{} }

func (EKSConfigFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "eks_config"
}

func (EKSConfigFunction) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary: "Pod annotations as the default of a whole cluster",
		MarkdownDescription: "Writes annotations as the YAML text for `data[\"pod.annotations\"]` of ConfigMap " +
			"`eks-config` in namespace `kube-system`: the default for all Pods of a cluster on super nodes. " +
			"An annotation on a Pod overrides it.\n\n" +
			"Keys are sorted and all values are quoted, so the same annotations always return the same text, and " +
			"the text parses back to the same strings.",
		Parameters: []function.Parameter{
			function.MapParameter{
				Name:        "annotations",
				ElementType: types.StringType,
				MarkdownDescription: "A map of whole keys to strings, as `pod_annotations` returns it. No value " +
					"may be null.",
			},
		},
		Return: function.StringReturn{},
	}
}

func (EKSConfigFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var written map[string]types.String
	if resp.Error = req.Arguments.Get(ctx, &written); resp.Error != nil {
		return
	}
	annotations := make(map[string]string, len(written))
	for _, key := range slices.Sorted(maps.Keys(written)) {
		if written[key].IsNull() {
			resp.Error = function.NewArgumentFuncError(
				0, fmt.Sprintf("annotation %q is null: write a string, or leave the annotation out", key),
			)
			return
		}
		annotations[key] = written[key].ValueString()
	}
	text, err := EKSConfig(annotations)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}
