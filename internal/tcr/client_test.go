package tcr_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr/tcrtest"
)

func start(t *testing.T, bare bool) (*tcrtest.Server, *tcr.Client) {
	t.Helper()
	key := apitest.Credential{SecretID: "AKIDtest", SecretKey: "key"}
	server := tcrtest.New(tcrtest.Options{
		Lookup:    func(id string) (apitest.Credential, bool) { return key, id == key.SecretID },
		Instances: map[string]tcrtest.Account{"tcr-ak9876": {Username: "100000000001", Token: "CANARY"}},
		Bare:      bare,
	})
	client, err := tcr.New(cloudapi.Config{
		Credentials: cloudapi.Credential{SecretID: key.SecretID, SecretKey: key.SecretKey}, Region: "ap-guangzhou",
		Endpoint: apitest.Start(t, server), RetryWait: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func TestATokenIsReadInEitherOfTheFormsThatAreDocumented(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		_, client := start(t, bare)
		token, err := client.CreateToken(
			t.Context(), tcr.TokenRequest{RegistryID: "tcr-ak9876", TokenType: tcr.Temporary},
		)
		if err != nil {
			t.Fatal(err)
		}
		off := time.Until(token.Expires) - time.Hour
		if off.Abs() > time.Minute || token.Username != "100000000001" || token.Token != "CANARY" || token.ID != "" {
			t.Errorf("bare %v: %+v", bare, token)
		}
	}
}

func TestALongTermTokenHasAnIDAndExpiresInTenYears(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		server, client := start(t, bare)
		token, err := client.CreateToken(
			t.Context(), tcr.TokenRequest{RegistryID: "tcr-ak9876", TokenType: tcr.LongTerm, Description: "builder"},
		)
		if err != nil || token.ID == "" || (time.Until(token.Expires)-3650*24*time.Hour).Abs() > time.Minute {
			t.Fatalf("got %+v, %v", token, err)
		}
		want := tcrtest.IssuedToken{Registry: "tcr-ak9876", Type: "longterm", Description: "builder", ID: token.ID}
		if issued := server.Left(); len(issued) != 1 || issued[0] != want {
			t.Errorf("got %+v", issued)
		}
	}
}

func TestATokenIsDeletedOnce(t *testing.T) {
	t.Parallel()
	server, client := start(t, false)
	token, err := client.CreateToken(t.Context(), tcr.TokenRequest{RegistryID: "tcr-ak9876", TokenType: tcr.LongTerm})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time as after an answer that was lost
		if err := client.DeleteToken(t.Context(), "tcr-ak9876", token.ID); err != nil {
			t.Error(err)
		}
	}
	if left := server.Left(); len(left) != 0 || server.Calls(tcrtest.DeleteInstanceToken) != 1 {
		t.Errorf("left %+v after %d deletions", left, server.Calls(tcrtest.DeleteInstanceToken))
	}
	server.Fail(tcrtest.DeleteInstanceToken, &apitest.Refusal{Code: "UnauthorizedOperation", EN: "no permission"})
	if err := client.DeleteToken(t.Context(), "tcr-ak9876", token.ID); err == nil {
		t.Error("a refusal is taken for a deletion")
	}
}

func TestAnUnknownInstanceIsTheServicesError(t *testing.T) {
	t.Parallel()
	_, client := start(t, false)
	_, err := client.CreateToken(t.Context(), tcr.TokenRequest{RegistryID: "tcr-other"})
	failed, ok := errors.AsType[*cloudapi.Error](err)
	if !ok || !failed.HasCode("ResourceNotFound") || failed.Service != "tcr" {
		t.Errorf("got %v", err)
	}
}
