package peers_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs/cbstest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials/ststest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr/tcrtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const (
	region   = "ap-guangzhou"
	account  = "100000000001"
	roleARN  = "qcs::cam::uin/" + account + ":roleName/peer"
	samlARN  = "qcs::cam::uin/" + account + ":saml-provider/peer"
	readyID  = "imc-ready001"
	registry = "tcr-peer0001"
	tokenID  = "ctrm3g86h7cp1kb7el2g" // of a long-term token
)

// versions of the services, as requests name them. The official client's folders have them without
// hyphens: v20180525.
var versions = readVersions()

func readVersions() map[string]string {
	var services map[string]struct{ Version string }
	if err := json.Unmarshal(servicesFile, &services); err != nil {
		panic(err)
	}
	versions := map[string]string{}
	for name, service := range services {
		v := strings.TrimPrefix(service.Version, "v")
		versions[name] = v[:4] + "-" + v[4:6] + "-" + v[6:]
	}
	return versions
}

var accountKey = apitest.Credential{SecretID: "AKIDpeerpeerpeerpeerpeerpeerpeer", SecretKey: "peerkeypeerkeypeerkey"}

// world is every stand-in, started at the same moment and with the same content, so that two worlds
// answer two clients alike.
type world struct {
	tke   *tketest.Server
	sts   *ststest.Server
	tcr   *tcrtest.Server
	cbs   *cbstest.Server
	ports map[string]int
}

// worldOptions is how a world differs from the one that most tests want.
type worldOptions struct {
	now     time.Time        // of the services: creation, expiry. Default: the start of the test
	clock   func() time.Time // that signatures are compared with. Default: time.Now
	perSec  int              // requests a second of one TKE action. Default: no limit
	newer   bool             // caches lack what the oldest published example lacks
	session time.Duration    // lifetime of sessions. Default: as asked for
}

// startWorlds starts two worlds: one for each client.
func startWorlds(t *testing.T, opts worldOptions) (official, ours *world) {
	t.Helper()
	if opts.now.IsZero() {
		opts.now = time.Now()
	}
	return startWorld(t, opts), startWorld(t, opts)
}

func startWorld(t *testing.T, opts worldOptions) *world {
	t.Helper()
	if opts.now.IsZero() {
		opts.now = time.Now()
	}
	now := func() time.Time { return opts.now }
	if opts.clock == nil {
		opts.clock = time.Now
	}
	if opts.perSec == 0 {
		opts.perSec = -1
	}
	w := &world{ports: map[string]int{}}
	w.sts = ststest.New(ststest.Options{
		Keys: map[string][]apitest.Credential{account: {accountKey}},
		Roles: map[string]ststest.Role{roleARN: {
			Principals: []string{account}, SAMLProvider: samlARN, SAMLAssertion: "assertion",
			OIDCProvider: "peer", OIDCTokens: []string{"oidc-token"},
		}},
		Clock: now, Lifetime: opts.session,
	})
	w.tke = tketest.Start(t, tketest.Options{
		Credentials: []tketest.Credential{accountKey}, Sessions: w.sts.Lookup, Clock: now, SignatureClock: opts.clock,
		Builder: tketest.InstantBuilder, RequestsPerSecond: opts.perSec, Pace: -1,
		Unconfirmed: tketest.Unconfirmed{OmitNewerFields: opts.newer},
	})
	w.tcr = tcrtest.New(tcrtest.Options{
		Lookup: w.sts.Lookup, Clock: now,
		Instances: map[string]tcrtest.Account{registry: {Username: account, Token: "registry-password"}},
	})
	w.tcr.Put(tcrtest.IssuedToken{Registry: registry, Type: "longterm", ID: tokenID})
	w.cbs = cbstest.New(cbstest.Options{
		Lookup: w.sts.Lookup, Clock: now, Discount: big.NewRat(1, 2),
		PerGiBHour: map[string]*big.Rat{"CLOUD_PREMIUM": big.NewRat(488, 1_000_000)},
		Zones:      map[string][]string{"ap-guangzhou-3": {"CLOUD_PREMIUM"}},
	})
	w.ports["tke"] = portOf(t, w.tke.URL)
	for service, handler := range map[string]http.Handler{"sts": w.sts, "tcr": w.tcr, "cbs": w.cbs} {
		w.ports[service] = portOf(t, apitest.Start(t, handler))
	}
	w.putReadyCache(opts.now)
	return w
}

// putReadyCache puts a cache with something in each of its fields.
func (w *world) putReadyCache(now time.Time) {
	w.tke.Put(tketest.Cache{
		ID: readyID, Name: "ready", Images: []string{"nginx:1.27", "redis:7"}, SizeGiB: 40, SnapshotID: "snap-ready001",
		RetentionDays: 7, CreatedAt: now.Add(-time.Hour), LastMatchedAt: now.Add(-time.Minute),
		Credentials: []tketest.RegistryCredential{
			{Server: "registry.example.com", Username: "user", Password: "password", Name: "login"},
		},
		Tags: []tketest.Tag{{Key: "team", Value: "ml"}},
		Events: []tketest.Event{
			{Type: "Normal", Reason: "DiskCreated", Message: "Disk disk-1 created", First: now, Last: now},
			{Type: "Normal", Reason: "SnapCreated", Message: "Snap snap-ready001 created", First: now, Last: now},
		},
	})
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// target returns a service of the world, called with the account's own key.
func (w *world) target(service string) target {
	return target{service: service, port: w.ports[service], region: region, credential: accountKey}
}

// actions returns the actions of a service's stand-in, with the fields that each takes.
func (w *world) actions(service string) map[string][]apitest.Parameter {
	actions := map[string][]apitest.Parameter{}
	if service == "tke" {
		for _, name := range []string{
			tketest.ActionCreate, tketest.ActionDescribe, tketest.ActionUpdate, tketest.ActionDelete,
			tketest.ActionMatch,
		} {
			actions[name] = tketest.Parameters(name)
		}
		return actions
	}
	tables := map[string]map[string]apitest.Action{"sts": w.sts.Actions, "tcr": w.tcr.Actions, "cbs": w.cbs.Actions}
	for name, action := range tables[service] {
		actions[name] = action.Parameters()
	}
	return actions
}

// config is what our client of a service is made from.
func (to target) config() cloudapi.Config {
	return cloudapi.Config{
		Service: to.service, Version: versions[to.service], Region: to.region, Tries: 1, RetryWait: time.Millisecond,
		Endpoint: "http://127.0.0.1:" + strconv.Itoa(to.port),
		Credentials: cloudapi.Credential{
			SecretID: to.credential.SecretID, SecretKey: to.credential.SecretKey, Token: to.credential.Token,
		},
	}
}

// callOurs makes the same call with our client, once.
func callOurs(t *testing.T, to target, action cloudapi.Action, request any) answer {
	t.Helper()
	client, err := cloudapi.New(to.config())
	if err != nil {
		t.Fatal(err)
	}
	response, err := cloudapi.Call[map[string]any](t.Context(), client, action, request)
	if err == nil {
		return answer{Response: response}
	}
	failed, ok := errors.AsType[*cloudapi.Error](err)
	if !ok {
		t.Fatalf("%s: an error of another type: %v", action.Name, err)
	}
	return answer{Error: &callError{
		Code: failed.Code, Message: failed.Message, RequestID: failed.RequestID, Status: failed.Status,
	}}
}

// decode reads JSON into a value of any type.
func decode[T any](t *testing.T, from any) (value T) {
	t.Helper()
	content, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(content, &value)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}
