package tcrtoken

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
)

type model struct {
	RegistryID    types.String `tfsdk:"registry_id"`
	TokenType     types.String `tfsdk:"token_type"`
	Description   types.String `tfsdk:"description"`
	DeleteOnClose types.Bool   `tfsdk:"delete_on_close"`
	Username      types.String `tfsdk:"username"`
	Token         types.String `tfsdk:"token"`
	TokenID       types.String `tfsdk:"token_id"`
	ExpiresAt     types.String `tfsdk:"expires_at"`
}

func (m *model) toRequest() tcr.TokenRequest {
	kind := m.TokenType.ValueString()
	if kind == "" {
		kind = tcr.Temporary
	}
	return tcr.TokenRequest{
		RegistryID:  m.RegistryID.ValueString(),
		TokenType:   kind,
		Description: m.Description.ValueString(),
	}
}

func (m *model) setFromToken(token *tcr.Token) {
	m.Username, m.Token = types.StringValue(token.Username), types.StringValue(token.Token)
	if !token.Expires.IsZero() {
		m.ExpiresAt = types.StringValue(token.Expires.Format(time.RFC3339))
	}
	if token.ID != "" {
		m.TokenID = types.StringValue(token.ID)
	}
}

// tokenKey is where private data hold a token that Close deletes.
const tokenKey = "token"

// tokenNote names a token to Close. It holds no secret.
type tokenNote struct{ RegistryID, TokenID string }

func (m *model) toPrivate() []byte {
	note, err := json.Marshal(tokenNote{m.RegistryID.ValueString(), m.TokenID.ValueString()})
	if err != nil {
		panic(err) // two strings are always JSON
	}
	return note
}

func fromPrivate(note []byte) (token tokenNote, err error) {
	if err := json.Unmarshal(note, &token); err != nil {
		return tokenNote{}, fmt.Errorf("the token to delete is not known: %w", err)
	}
	return token, nil
}
