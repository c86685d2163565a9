package cbs_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs/cbstest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

func startService(t *testing.T, form cbstest.Form) (*cbstest.Server, *cbs.Client) {
	t.Helper()
	key := apitest.Credential{SecretID: "AKIDtest", SecretKey: "key"}
	server := cbstest.New(cbstest.Options{
		Lookup:     func(id string) (apitest.Credential, bool) { return key, id == key.SecretID },
		PerGiBHour: map[string]*big.Rat{"CLOUD_PREMIUM": big.NewRat(488, 1_000_000)},
		Discount:   big.NewRat(1, 2),
		Zones:      map[string][]string{"ap-guangzhou-3": {"CLOUD_PREMIUM"}},
		Form:       form,
	})
	client, err := cbs.New(cloudapi.Config{
		Credentials: cloudapi.Credential{SecretID: key.SecretID, SecretKey: key.SecretKey}, Region: "ap-guangzhou",
		Endpoint: apitest.Start(t, server), RetryWait: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func TestThePriceIsTheMostPreciseOfWhatTheAccountPays(t *testing.T) {
	t.Parallel()
	for form, want := range map[cbstest.Form]string{
		cbstest.AllFields:     "0.012200", // half of 50 GiB at 0.000488
		cbstest.NumbersOnly:   "0.010000",
		cbstest.ListPriceOnly: "0.024400",
	} {
		_, client := startService(t, form)
		price, err := client.PricePerHour(t.Context(), cbs.Disk{Type: "CLOUD_PREMIUM", SizeGiB: 50})
		if err != nil || price.FloatString(6) != want {
			t.Errorf("form %d: got %v, %v, want %s", form, price, err, want)
		}
	}
}

func TestAnAnswerWithoutAPriceByTheHourIsAnError(t *testing.T) {
	t.Parallel()
	for _, form := range []cbstest.Form{cbstest.NoPrice, cbstest.PricePerMonth} {
		_, client := startService(t, form)
		_, err := client.PricePerHour(t.Context(), cbs.Disk{Type: "CLOUD_PREMIUM", SizeGiB: 50})
		failed, ok := errors.AsType[*cbs.Error](err)
		if !ok || failed.Kind != cloudapi.KindMalformed || !strings.Contains(failed.Message, "no price by the hour") {
			t.Errorf("form %d: got %v", form, err)
		}
	}
}

func TestTheServiceRefusesWhatItDoesNotSell(t *testing.T) {
	t.Parallel()
	_, client := startService(t, cbstest.AllFields)
	for _, disk := range []cbs.Disk{{Type: "CLOUD_OTHER", SizeGiB: 50}, {Type: "CLOUD_PREMIUM", SizeGiB: 55}} {
		_, err := client.PricePerHour(t.Context(), disk)
		failed, ok := errors.AsType[*cbs.Error](err)
		if !ok || !failed.HasCode("InvalidParameterValue") || failed.Service != "cbs" {
			t.Errorf("%+v: got %v", disk, err)
		}
	}
}

func TestAZoneNamesTheDisksThatItSells(t *testing.T) {
	t.Parallel()
	_, client := startService(t, cbstest.AllFields)
	configs, err := client.Configs(t.Context(), "CLOUD_PREMIUM", "ap-guangzhou-3")
	if err != nil || len(configs) != 2 || !configs[0].Sells(50) || configs[0].Sells(55) || configs[0].Sells(10) {
		t.Errorf("got %+v, %v", configs, err)
	}
	for diskType, zone := range map[string]string{"CLOUD_SSD": "ap-guangzhou-3", "CLOUD_PREMIUM": "ap-guangzhou-9"} {
		if configs, err := client.Configs(t.Context(), diskType, zone); err != nil || len(configs) != 0 {
			t.Errorf("%s in %s: got %+v, %v", diskType, zone, configs, err)
		}
	}
}
