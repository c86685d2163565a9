package imagecache

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// mustDefer reports whether a read waits for a later plan: the provider's region, endpoints or
// credentials are known only during apply, and the client takes a deferral. Without one it is an
// error. A create does not wait, since its apply knows them.
func mustDefer(isAllowed bool, from *clients.Clients) bool { return isAllowed && from.Deferred() }

// hasIdentity reports whether a state holds an identity. The framework refuses a deferred read of a
// cache without one, which an older CLI or a move has left so, and the region to make one is what is
// not known.
func hasIdentity(identity *tfsdk.ResourceIdentity) bool {
	return identity != nil && !identity.Raw.IsFullyNull()
}

func deferredResource() *resource.Deferred {
	return &resource.Deferred{Reason: resource.DeferredReasonProviderConfigUnknown}
}

// deferDataSource answers a read that waits: what is computed is unknown until then. The CLI takes
// the state of a deferred read as it is, and a null would be a value.
func deferDataSource(req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
	values := map[string]tftypes.Value{}
	if err := req.Config.Raw.As(&values); err != nil {
		resp.Diagnostics.Append(tfdiag.ProviderFault("defer a read", err))
		return
	}
	for name, attribute := range resp.State.Schema.GetAttributes() {
		if attribute.IsComputed() && values[name].IsNull() {
			values[name] = tftypes.NewValue(values[name].Type(), tftypes.UnknownValue)
		}
	}
	resp.State.Raw = tftypes.NewValue(req.Config.Raw.Type(), values)
}
