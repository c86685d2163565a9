// Package deferral lets reads wait for a later plan: those of a provider whose region, endpoints or
// credentials are known only during apply, for a client that takes deferrals. For another client
// such a read is an error. A create does not wait, since its apply knows them.
package deferral

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// IsDue reports whether a read waits. isAllowed is the client's capability.
func IsDue(isAllowed bool, from *clients.Clients) bool { return isAllowed && from.Deferred() }

// Resource is the answer to a read or an import of a resource that waits: its state stays as it is.
func Resource() *resource.Deferred {
	return &resource.Deferred{Reason: resource.DeferredReasonProviderConfigUnknown}
}

// DeferDataSource answers a read that waits: what is computed is unknown until then. The CLI takes
// the state of a deferred read as it is, and a null would be a value.
func DeferDataSource(req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
	result, err := markComputedUnknown(req.Config.Raw, resp.State.Schema.GetAttributes())
	if err != nil {
		resp.Diagnostics.Append(tfdiag.ProviderFault("defer a read", err))
		return
	}
	resp.State.Raw = result
}

// DeferEphemeral answers an open that waits, in the same way.
func DeferEphemeral(req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	resp.Deferred = &ephemeral.Deferred{Reason: ephemeral.DeferredReasonProviderConfigUnknown}
	result, err := markComputedUnknown(req.Config.Raw, resp.Result.Schema.GetAttributes())
	if err != nil {
		resp.Diagnostics.Append(tfdiag.ProviderFault("defer an ephemeral resource", err))
		return
	}
	resp.Result.Raw = result
}

// markComputedUnknown returns a configuration with every computed attribute unknown that it leaves
// out.
func markComputedUnknown[A interface{ IsComputed() bool }](
	config tftypes.Value, attributes map[string]A,
) (tftypes.Value, error) {
	values := map[string]tftypes.Value{}
	if err := config.As(&values); err != nil {
		return config, err
	}
	for name, attribute := range attributes {
		if attribute.IsComputed() && values[name].IsNull() {
			values[name] = tftypes.NewValue(values[name].Type(), tftypes.UnknownValue)
		}
	}
	return tftypes.NewValue(config.Type(), values), nil
}
