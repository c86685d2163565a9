package peers_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// ourTKE is the provider's own client of a world.
func ourTKE(t *testing.T, w *world, tries int) *tke.Client {
	t.Helper()
	config := w.target("tke").config()
	config.Tries = tries
	client, err := tke.New(tke.Config{Config: config, PollInterval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// cachesAlike ignores what the service makes up for each cache, and what depends on how long a
// build took.
var cachesAlike = cmpopts.IgnoreFields(tketest.Cache{}, "ID", "SnapshotID", "Events", "LastBuildFinished")

// TestACacheOfOurClientIsTheOneOfTheOfficialClient makes, changes and deletes a cache with both
// clients: all fields that our typed requests have, in the spelling of the official client's
// models.
func TestACacheOfOurClientIsTheOneOfTheOfficialClient(t *testing.T) {
	t.Parallel()
	peer := requireOfficialClient(t)
	official, ours := startWorlds(t, worldOptions{})
	client := ourTKE(t, ours, 1)

	created := peer.call(t, official.target("tke"), tketest.ActionCreate, fullCalls[0].request, nil)
	officialID, _ := created.Response["ImageCacheId"].(string)
	ourID, err := client.Create(t.Context(), tke.CreateRequest{
		Images: []string{"nginx:1.27"}, VpcID: "vpc-508ctkfb", SubnetID: "subnet-8ah75lo8", Name: "full",
		SecurityGroupIDs: []string{"sg-1"}, AutoCreateEip: true,
		AutoEip:     &tke.AutoEip{DeletePolicy: "Never", ISP: "CMCC", BandwidthMbps: 7},
		Credentials: []tke.RegistryCredential{decode[tke.RegistryCredential](t, login("password"))},
		SizeGiB:     50, RetentionDays: 3, InsecureHosts: []string{"skip.example.com"},
		HTTPHosts: []string{"plain.example.com"}, ResolveConfig: "nameserver 10.1.2.3\n",
		Tags: []tke.Tag{{Key: "k", Value: "v"}},
	})
	if err != nil || officialID == "" {
		t.Fatalf("the official client: %+v; ours: %v", created.Error, err)
	}
	compareCaches(t, official, officialID, ours, ourID)

	name, size, days := "renamed", int64(60), int64(9)
	changed := peer.call(t, official.target("tke"), tketest.ActionUpdate, object{
		"ImageCacheId": officialID, "ImageCacheName": name, "Images": []string{"nginx:1.28"}, "ImageCacheSize": size,
		"RetentionDays": days, "ImageRegistryCredentials": []object{}, "SecurityGroupIds": []string{"sg-2"},
		"Tags": []object{},
	}, nil)
	err = client.Update(t.Context(), tke.UpdateRequest{
		ID: ourID, Name: &name, Images: []string{"nginx:1.28"}, SizeGiB: &size, RetentionDays: &days,
		Credentials: &[]tke.RegistryCredential{}, SecurityGroupIDs: &[]string{"sg-2"}, Tags: &[]tke.Tag{},
	})
	if err != nil || changed.Error != nil {
		t.Fatalf("the official client: %+v; ours: %v", changed.Error, err)
	}
	compareCaches(t, official, officialID, ours, ourID)

	deleted := peer.call(t, official.target("tke"), tketest.ActionDelete, object{
		"ImageCacheIds": []string{officialID},
	}, nil)
	err = client.Delete(t.Context(), ourID, name)
	if _, left := official.tke.Cache(officialID); left || deleted.Error != nil {
		t.Errorf("the official client: %+v, cache left: %v", deleted.Error, left)
	}
	if _, left := ours.tke.Cache(ourID); left || err != nil {
		t.Errorf("ours: %v, cache left: %v", err, left)
	}
}

// compareCaches waits until both caches are built, and compares all that the stand-ins know of
// them.
func compareCaches(t *testing.T, official *world, officialID string, ours *world, ourID string) {
	t.Helper()
	want, got := awaitReady(t, official, officialID), awaitReady(t, ours, ourID)
	want.CreatedAt, want.ExpiresAt = got.CreatedAt, want.ExpiresAt.Add(got.CreatedAt.Sub(want.CreatedAt))
	if diff := cmp.Diff(want, got, cachesAlike); diff != "" {
		t.Errorf("the caches differ (-official +ours):\n%s", diff)
	}
}

func awaitReady(t *testing.T, w *world, id string) tketest.Cache {
	t.Helper()
	for {
		cache, found := w.tke.Cache(id)
		if !found || cache.Status == tketest.StatusReady {
			return cache
		}
		select {
		case <-time.After(time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// TestLongListsAreReadAlike: 130 caches on pages of 50, by the official client page for page.
func TestLongListsAreReadAlike(t *testing.T) {
	t.Parallel()
	peer := requireOfficialClient(t)
	w := startWorld(t, worldOptions{})
	for i := range 129 {
		w.tke.Put(tketest.Cache{
			ID: fmt.Sprintf("imc-many%04d", i), Name: fmt.Sprintf("many-%d", i),
			Images:  []string{fmt.Sprintf("app:%d", i)},
			SizeGiB: int64(20 + i), Tags: []tketest.Tag{{Key: "number", Value: fmt.Sprint(i)}},
		})
	}
	var official []object
	for len(official) < 130 {
		page := peer.call(t, w.target("tke"), tketest.ActionDescribe, object{"Limit": 50, "Offset": len(official)}, nil)
		caches := decode[[]object](t, page.Response["ImageCaches"])
		if page.Error != nil || page.Response["TotalCount"] != 130.0 || len(caches) == 0 {
			t.Fatalf(
				"page from %d on: %+v, %v of %d",
				len(official), page.Error, page.Response["TotalCount"], len(caches),
			)
		}
		official = append(official, caches...)
	}
	ours, err := ourTKE(t, w, 1).List(t.Context(), tke.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	want, got := make([]cacheView, 0, 130), make([]cacheView, 0, 130)
	for _, cache := range official {
		want = append(want, viewOfficial(t, cache))
	}
	for _, cache := range ours {
		got = append(got, viewOurs(cache))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the lists differ (-official +ours):\n%s", diff)
	}
	if len(got) != 130 {
		t.Errorf("%d caches, want 130", len(got))
	}
}

// cacheView is what of a cache can be compared: times have several forms, and events no order.
type cacheView struct {
	ID, Name, Type, Status, SnapshotID, Snapshotter string
	SizeGiB, RetentionDays                          int64
	Images, Tags, Events                            []string
	Created, Expires                                bool
}

func viewOurs(cache tke.ImageCache) cacheView {
	view := cacheView{
		ID: cache.ID, Name: cache.Name, Type: cache.Type, Status: cache.Status,
		SnapshotID: cache.SnapshotID, Snapshotter: cache.Snapshotter, Images: cache.Images,
		SizeGiB: cache.SizeGiB, RetentionDays: *cache.RetentionDays, Created: !cache.Created.IsZero(),
	}
	_, view.Expires = cache.ExpiresAt()
	for _, tag := range cache.Tags {
		view.Tags = append(view.Tags, tag.Key+"="+tag.Value)
	}
	for _, event := range cache.Events {
		view.Events = append(view.Events, event.Type+" "+event.Reason+" "+event.Message)
	}
	return view
}

// viewOfficial reads the same by the names of the official client's models.
func viewOfficial(t *testing.T, cache object) cacheView {
	t.Helper()
	text := func(name string) string { value, _ := cache[name].(string); return value }
	view := cacheView{
		ID: text("ImageCacheId"), Name: text("ImageCacheName"), Type: text("ImageCacheType"), Status: text("Status"),
		SnapshotID: text("SnapshotId"), Snapshotter: text("Snapshotter"), Images: decode[[]string](t, cache["Images"]),
		SizeGiB: decode[int64](t, cache["ImageCacheSize"]), RetentionDays: decode[int64](t, cache["RetentionDays"]),
		Created: text("CreationTime") != "",
	}
	view.Expires = view.RetentionDays > 0
	for _, tag := range decode[[]map[string]string](t, cache["Tags"]) {
		view.Tags = append(view.Tags, tag["Key"]+"="+tag["Value"])
	}
	for _, event := range decode[[]map[string]string](t, cache["Events"]) {
		view.Events = append(view.Events, event["Type"]+" "+event["Reason"]+" "+event["Message"])
	}
	return view
}

// TestASessionOfEitherClientSignsCalls: a role is assumed with each client, and a list is read with
// the session.
func TestASessionOfEitherClientSignsCalls(t *testing.T) {
	t.Parallel()
	peer := requireOfficialClient(t)
	w := startWorld(t, worldOptions{})
	got := peer.call(t, w.target("sts"), "AssumeRole", object{
		"RoleArn": roleARN, "RoleSessionName": "peer", "DurationSeconds": 3600,
	}, nil)
	session := decode[map[string]string](t, got.Response["Credentials"])
	official := w.target("tke")
	official.credential = apitest.Credential{
		SecretID: session["TmpSecretId"], SecretKey: session["TmpSecretKey"], Token: session["Token"],
	}
	if got := peer.call(t, official, tketest.ActionDescribe, object{}, nil); got.Error != nil {
		t.Errorf("the official client's session: %+v", *got.Error)
	}

	chain, err := credentials.Resolved{Region: region, Chain: []credentials.Link{
		credentials.Static{Credential: cloudapi.Credential{
			SecretID: accountKey.SecretID, SecretKey: accountKey.SecretKey,
		}},
		credentials.AssumeRole{Role: credentials.Role{ARN: roleARN, SessionName: "peer", Duration: 3600}},
	}}.Credentials(credentials.Services{STS: w.target("sts").config()})
	if err != nil {
		t.Fatal(err)
	}
	config := w.target("tke").config()
	config.Credentials = chain
	client, err := tke.New(tke.Config{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(t.Context(), readyID); err != nil {
		t.Error(err)
	}
	asked := w.sts.Granted()
	if len(asked) != 2 || asked[0] != asked[1] {
		t.Errorf("the requests for a session differ: %+v", asked)
	}
	for _, request := range w.tke.Requests() {
		if w.sts.RoleOf(request.SecretID) != roleARN {
			t.Errorf("signed by %s, which is no session of the role", request.SecretID)
		}
	}
}

// TestTokensAndPricesAreReadAlike: what our typed clients of TCR and CBS make of the answers that
// the official client gets.
func TestTokensAndPricesAreReadAlike(t *testing.T) {
	t.Parallel()
	peer := requireOfficialClient(t)
	official, ours := startWorlds(t, worldOptions{})

	config := ours.target("tcr").config()
	config.Secrets = new(redact.Secrets)
	tokens, err := tcr.New(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{tcr.Temporary, tcr.LongTerm} {
		want := peer.call(t, official.target("tcr"), "CreateInstanceToken", object{
			"RegistryId": registry, "TokenType": kind,
		}, nil).Response
		got, err := tokens.CreateToken(t.Context(), tcr.TokenRequest{RegistryID: registry, TokenType: kind})
		if err != nil || got.Username != want["Username"] || got.Token != want["Token"] || got.ID != want["TokenId"] ||
			float64(got.Expires.Unix()) != want["ExpTime"] {
			t.Errorf("%s: got %+v, %v; the official client %v", kind, got, err, want)
		}
	}
	deleted := peer.call(t, official.target("tcr"), "DeleteInstanceToken", object{
		"RegistryId": registry, "TokenId": tokenID,
	}, nil)
	if err := tokens.DeleteToken(t.Context(), registry, tokenID); err != nil || deleted.Error != nil {
		t.Errorf("deletion: ours %v; the official client %+v", err, deleted.Error)
	}
	if diff := cmp.Diff(official.tcr.Left(), ours.tcr.Left()); diff != "" || len(ours.tcr.Left()) != 1 {
		t.Errorf("left of the tokens (-official +ours):\n%s", diff)
	}

	prices, err := cbs.New(ours.target("cbs").config())
	if err != nil {
		t.Fatal(err)
	}
	answered := peer.call(t, official.target("cbs"), "InquiryPriceCreateDisks", object{
		"DiskChargeType": "POSTPAID_BY_HOUR", "DiskType": "CLOUD_PREMIUM", "DiskSize": 50, "DiskCount": 1,
	}, nil)
	price, err := prices.PricePerHour(t.Context(), cbs.Disk{Type: "CLOUD_PREMIUM", SizeGiB: 50})
	if err != nil ||
		price.FloatString(6) != decode[object](t, answered.Response["DiskPrice"])["UnitPriceDiscountHigh"] {
		t.Errorf("got %v, %v; the official client %v", price, err, answered.Response)
	}
	quota := peer.call(t, official.target("cbs"), "DescribeDiskConfigQuota", object{
		"InquiryType": "INQUIRY_CBS_CONFIG", "DiskChargeType": "POSTPAID_BY_HOUR",
		"DiskTypes": []string{"CLOUD_PREMIUM"},
		"Zones":     []string{"ap-guangzhou-3"},
	}, nil)
	configs, err := prices.Configs(t.Context(), "CLOUD_PREMIUM", "ap-guangzhou-3")
	if err != nil || !slices.Equal(configs, decode[[]cbs.Config](t, quota.Response["DiskConfigSet"])) {
		t.Errorf("got %+v, %v; the official client %v", configs, err, quota.Response)
	}
}
