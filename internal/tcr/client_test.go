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
		if off := time.Until(
			token.Expires,
		) - time.Hour; off.Abs() > time.Minute || token.Username != "100000000001" || token.Token != "CANARY" ||
			token.ID != "" {
			t.Errorf("bare %v: %+v", bare, token)
		}
	}
}

func TestALongTermTokenHasAnIDAndNoEnd(t *testing.T) {
	t.Parallel()
	server, client := start(t, false)
	token, err := client.CreateToken(
		t.Context(), tcr.TokenRequest{RegistryID: "tcr-ak9876", TokenType: tcr.LongTerm, Description: "builder"},
	)
	if err != nil || token.ID == "" || !token.Expires.IsZero() {
		t.Errorf("got %+v, %v", token, err)
	}
	if given := server.Issued(); len(given) != 1 ||
		given[0] != (tcrtest.IssuedToken{Registry: "tcr-ak9876", Type: "longterm", Description: "builder"}) {
		t.Errorf("got %+v", given)
	}
}

func TestAnUnknownInstanceIsTheServicesError(t *testing.T) {
	t.Parallel()
	_, client := start(t, false)
	_, err := client.CreateToken(t.Context(), tcr.TokenRequest{RegistryID: "tcr-other"})
	if failed, ok := errors.AsType[*cloudapi.Error](
		err,
	); !ok || !failed.HasCode("ResourceNotFound") ||
		failed.Service != "tcr" {
		t.Errorf("got %v", err)
	}
}
