package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

var unknownText = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)

// said is an answer's diagnostics in one text.
func said(diagnostics []*tfprotov6.Diagnostic) string {
	var b strings.Builder
	for _, d := range diagnostics {
		b.WriteString(d.Summary + ": " + d.Detail + "\n")
	}
	return b.String()
}

// imported returns a cache as a state that knows only its id holds it, with what an import keeps
// beside it.
func (s *speaker) imported(t *testing.T, id string) *tfprotov6.ImportedResource {
	t.Helper()
	answer, err := s.server.ImportResourceState(
		t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "tkeimage_cache", ID: id},
	)
	if err != nil || len(answer.Diagnostics) != 0 {
		t.Fatal(err, said(answer.Diagnostics))
	}
	return answer.ImportedResources[0]
}

// TestWhereToAskIsNotGuessed: an argument that says where or as whom to ask, and is known only
// during apply, has no default until then. Asked elsewhere, the service would know nothing of the
// cache, and the state would lose it.
func TestWhereToAskIsNotGuessed(t *testing.T) {
	t.Parallel()
	endpoints := tftypes.Map{ElementType: tftypes.String}
	for name, test := range map[string]struct {
		argument string
		value    tftypes.Value
	}{
		"secret_id": {"secret_id", unknownText}, "region": {"region", unknownText}, "domain": {"domain", unknownText},
		"protocol":      {"protocol", unknownText},
		"all endpoints": {"endpoints", tftypes.NewValue(endpoints, tftypes.UnknownValue)},
		"one endpoint":  {"endpoints", tftypes.NewValue(endpoints, map[string]tftypes.Value{"tke": unknownText})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1, Builder: tketest.InstantBuilder})
			s := speakWith(t, cloud, map[string]tftypes.Value{test.argument: test.value})
			state := values(
				t, s.schemas.ResourceSchemas["tkeimage_cache"],
				map[string]tftypes.Value{"id": text("imc-aaaaaaaa")},
			)
			answer, err := s.server.ReadResource(
				t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "tkeimage_cache", CurrentState: state},
			)
			if err != nil {
				t.Fatal(err)
			}
			got := said(answer.Diagnostics)
			if !strings.Contains(got, "not known until apply") || !strings.Contains(got, "- "+test.argument) {
				t.Errorf("said %q", got)
			}
			if asked := len(cloud.Requests()); asked != 0 {
				t.Errorf("%d requests were sent", asked)
			}
		})
	}
}

// TestACacheOfAnotherRegionIsLeftAlone, whether the identity has its region or, as with older
// CLIs, only the private state does.
func TestACacheOfAnotherRegionIsLeftAlone(t *testing.T) {
	t.Parallel()
	cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1, Builder: tketest.InstantBuilder})
	id := cloud.Put(tketest.Cache{Name: "llm", Images: []string{"llm:v1"}, Region: "ap-shanghai"}).ID
	there := speakWith(t, cloud, map[string]tftypes.Value{"region": text("ap-shanghai")})
	found := there.imported(t, id)
	read := &tfprotov6.ReadResourceRequest{
		TypeName:        "tkeimage_cache",
		CurrentState:    found.State,
		Private:         found.Private,
		CurrentIdentity: found.Identity,
	}
	state, err := there.server.ReadResource(t.Context(), read)
	if err != nil || len(state.Diagnostics) != 0 {
		t.Fatal(err, said(state.Diagnostics))
	}
	here := speak(t, cloud)
	gone, err := tfprotov6.NewDynamicValue(
		here.schemas.ResourceSchemas["tkeimage_cache"].ValueType(),
		tftypes.NewValue(here.schemas.ResourceSchemas["tkeimage_cache"].ValueType(), nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	cloud.ResetRequests()
	for name, test := range map[string]struct {
		identity *tfprotov6.ResourceIdentityData
		private  []byte
	}{"by identity": {state.NewIdentity, nil}, "by private state": {nil, state.Private}} {
		read, err := here.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName:        "tkeimage_cache",
			CurrentState:    state.NewState,
			Private:         test.private,
			CurrentIdentity: test.identity,
		})
		if err != nil {
			t.Fatal(err)
		}
		deleted, err := here.server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName:        "tkeimage_cache",
			PriorState:      state.NewState,
			PlannedState:    &gone,
			Config:          &gone,
			PlannedPrivate:  test.private,
			PlannedIdentity: test.identity,
		})
		if err != nil {
			t.Fatal(err)
		}
		for did, got := range map[string]string{"read": said(read.Diagnostics), "deleted": said(deleted.Diagnostics)} {
			if !strings.Contains(got, id+" is in ap-shanghai, and this provider is configured for ap-guangzhou") {
				t.Errorf("%s %s: said %q", did, name, got)
			}
		}
	}
	if asked := len(cloud.Requests()); asked != 0 {
		t.Errorf("%d requests were sent", asked)
	}
}
