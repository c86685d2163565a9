package peers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

type object = map[string]any

// apiCall is one call, as both clients make it.
type apiCall struct {
	service, action string
	request         object
	unsigned        bool // the service demands that the request bears no signature
}

func login(password string) object {
	return object{"Server": "registry.example.com", "Username": "user", "Password": password, "Name": "login"}
}

// fullCalls is each action of the stand-ins, with all the fields that can be sent together.
var fullCalls = []apiCall{
	{service: "tke", action: tketest.ActionCreate, request: object{
		"Images": []string{"nginx:1.27"}, "VpcId": "vpc-508ctkfb", "SubnetId": "subnet-8ah75lo8",
		"ImageCacheName":   "full",
		"SecurityGroupIds": []string{"sg-1"}, "ImageCacheSize": 50, "RetentionDays": 3,
		"ResolveConfig":            "nameserver 10.1.2.3\n",
		"RegistrySkipVerifyList":   []string{"skip.example.com"},
		"RegistryHttpEndPointList": []string{"plain.example.com"},
		"Tags":                     []object{{"Key": "k", "Value": "v"}}, "AutoCreateEip": true,
		"AutoCreateEipAttribute": object{
			"DeletePolicy": "Never", "InternetServiceProvider": "CMCC", "InternetMaxBandwidthOut": 7,
		},
		"ImageRegistryCredentials": []object{login("password")},
	}},
	{service: "tke", action: tketest.ActionCreate, request: object{
		"Images": []string{"nginx:1.27"}, "VpcId": "vpc-508ctkfb", "SubnetId": "subnet-8ah75lo8",
		"ExistedEipId": "eip-1",
	}},
	{service: "tke", action: tketest.ActionDescribe, request: object{
		"ImageCacheIds": []string{readyID}, "ImageCacheNames": []string{"ready"}, "Limit": 50, "Offset": 0,
		"Filters": []object{{"Name": "image-cache-name", "Values": []string{"ready"}}},
	}},
	{service: "tke", action: tketest.ActionUpdate, request: object{
		"ImageCacheId": readyID, "ImageCacheName": "renamed", "Images": []string{"nginx:1.28"}, "ImageCacheSize": 60,
		"RetentionDays": 9, "ImageRegistryCredentials": []object{login("other")}, "SecurityGroupIds": []string{"sg-2"},
		"Tags": []object{{"Key": "k", "Value": "w"}},
	}},
	{service: "tke", action: tketest.ActionDelete, request: object{"ImageCacheIds": []string{readyID}}},
	{service: "tke", action: tketest.ActionMatch, request: object{
		"Images": []string{"nginx:1.27"}, "Snapshotter": "overlay",
	}},
	{service: "tke", action: tketest.ActionMatch, request: object{"Images": []string{"other:1"}}},
	{service: "sts", action: "AssumeRole", request: object{
		"RoleArn": roleARN, "RoleSessionName": "peer", "DurationSeconds": 3600,
		"Policy":         "%7B%22version%22%3A%222.0%22%7D",
		"Tags":           []object{{"Key": "team", "Value": "ml"}, {"Key": "stage", "Value": "ci"}},
		"SourceIdentity": "ci", "SerialNumber": "qcs::cam:uin/100000000001::mfa/softToken", "TokenCode": "123456",
	}},
	{service: "sts", action: "AssumeRoleWithSAML", unsigned: true, request: object{
		"RoleArn": roleARN, "RoleSessionName": "peer", "DurationSeconds": 3600,
		"PrincipalArn": samlARN, "SAMLAssertion": "YXNzZXJ0aW9u",
	}},
	{service: "sts", action: "AssumeRoleWithWebIdentity", unsigned: true, request: object{
		"RoleArn": roleARN, "RoleSessionName": "peer", "DurationSeconds": 3600,
		"ProviderId": "peer", "WebIdentityToken": "oidc-token",
	}},
	{service: "sts", action: "GetCallerIdentity", request: object{}},
	{service: "tcr", action: "CreateInstanceToken", request: object{
		"RegistryId": registry, "TokenType": "longterm", "Desc": "peer",
	}},
	{service: "tcr", action: "CreateInstanceToken", request: object{"RegistryId": registry}},
	{service: "tcr", action: "DeleteInstanceToken", request: object{"RegistryId": registry, "TokenId": tokenID}},
	{service: "cbs", action: "InquiryPriceCreateDisks", request: object{
		"DiskChargeType": "POSTPAID_BY_HOUR", "DiskType": "CLOUD_PREMIUM", "DiskSize": 50, "DiskCount": 2,
		"ProjectId":             0,
		"ThroughputPerformance": 0, "DiskBackupQuota": 0,
	}},
	{service: "cbs", action: "DescribeDiskConfigQuota", request: object{
		"InquiryType": "INQUIRY_CBS_CONFIG", "DiskChargeType": "POSTPAID_BY_HOUR",
		"DiskTypes": []string{"CLOUD_PREMIUM"},
		"Zones":     []string{"ap-guangzhou-3"}, "DiskUsage": "DATA_DISK", "Memory": 4, "CPU": 2,
		"InstanceFamilies": []string{"S5"},
	}},
}

// makeOfficial makes a call with the official client, and makeOurs with ours.
func (c apiCall) makeOfficial(t *testing.T, w *world) answer {
	t.Helper()
	options := object{}
	if c.unsigned {
		options["skipSign"] = true
	}
	return requireOfficialClient(t).call(t, w.target(c.service), c.action, c.request, options)
}

func (c apiCall) makeOurs(t *testing.T, w *world) answer {
	t.Helper()
	return callOurs(t, w.target(c.service), cloudapi.Action{Name: c.action, Unsigned: c.unsigned}, c.request)
}

// compareAnswers reports where two answers differ, apart from what is made up for each request.
func compareAnswers(t *testing.T, official, ours answer) {
	t.Helper()
	for _, one := range []answer{official, ours} {
		if one.Error == nil && one.Response["RequestId"] == "" {
			t.Error("an answer without a request id")
		}
		delete(one.Response, "RequestId")
	}
	if diff := cmp.Diff(official, ours); diff != "" {
		t.Errorf("answers to the official client and to ours differ (-official +ours):\n%s", diff)
	}
}

// compareRequests reports where the last requests of two clients differ on the wire, in what the
// TKE stand-in keeps of them.
func compareRequests(t *testing.T, official, ours *world) {
	t.Helper()
	kept := func(w *world) (body object, headers map[string]string) {
		requests := w.tke.Requests()
		if len(requests) == 0 {
			t.Fatal("no request reached the stand-in")
		}
		last := requests[len(requests)-1]
		headers = map[string]string{}
		for _, name := range []string{"Content-Type", "X-Tc-Action", "X-Tc-Version", "X-Tc-Region", "X-Tc-Language"} {
			headers[name] = last.Header.Get(name)
		}
		return last.Body, headers
	}
	officialBody, officialHeaders := kept(official)
	ourBody, ourHeaders := kept(ours)
	if diff := cmp.Diff(officialBody, ourBody); diff != "" {
		t.Errorf("bodies differ (-official +ours):\n%s", diff)
	}
	if diff := cmp.Diff(officialHeaders, ourHeaders); diff != "" {
		t.Errorf("headers differ (-official +ours):\n%s", diff)
	}
}

func TestEveryActionAnswersBothClientsAlike(t *testing.T) {
	t.Parallel()
	requirePeers(t)
	for i, c := range fullCalls {
		t.Run(fmt.Sprint(i, c.action), func(t *testing.T) {
			t.Parallel()
			official, ours := startWorlds(t, worldOptions{})
			officialAnswer, ourAnswer := c.makeOfficial(t, official), c.makeOurs(t, ours)
			if officialAnswer.Error != nil {
				t.Fatalf("the official client is refused: %+v", *officialAnswer.Error)
			}
			if c.action == tketest.ActionCreate { // the service makes the id up
				delete(officialAnswer.Response, "ImageCacheId")
				delete(ourAnswer.Response, "ImageCacheId")
			}
			compareAnswers(t, officialAnswer, ourAnswer)
			if c.service == "tke" {
				compareRequests(t, official, ours)
			}
		})
	}
}

func TestEveryActionOfTheStandInsIsCalled(t *testing.T) {
	t.Parallel()
	w := startWorld(t, worldOptions{})
	for service := range versions {
		for action, parameters := range w.actions(service) {
			sent := fields{}
			for _, c := range fullCalls {
				if c.service == service && c.action == action {
					maps.Copy(sent, fieldsOf(t, c.request))
				}
			}
			if len(sent) == 0 && len(parameters) > 0 {
				t.Errorf("no call of %s %s among those that both clients make", service, action)
			}
			for _, p := range parameters {
				if _, known := sent[p.Path]; !known && !slices.Contains(notSent, action+"."+p.Path) {
					t.Errorf("no call of %s sends %s", action, p.Path)
				}
			}
		}
	}
}

// notSent are fields that no call sets: the role has no such condition, and there is no dedicated
// cluster.
var notSent = []string{
	"AssumeRole.ExternalId", "DescribeDiskConfigQuota.DedicatedClusterId",
}

// TestPublishedExamplesAnswerBothClientsAlike: each published request, byte for byte in meaning,
// and the answer to it.
func TestPublishedExamplesAnswerBothClientsAlike(t *testing.T) {
	t.Parallel()
	requirePeers(t)
	content, err := os.ReadFile("../../internal/tke/tketest/testdata/tke-image-cache-examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var published struct {
		Actions map[string][]struct {
			Request  object
			Response struct{ Response object }
		}
	}
	if err := json.Unmarshal(content, &published); err != nil {
		t.Fatal(err)
	}
	for action, examples := range published.Actions {
		for i, example := range examples {
			t.Run(fmt.Sprint(action, i), func(t *testing.T) {
				t.Parallel()
				official, ours := startWorlds(t, worldOptions{newer: action == tketest.ActionDescribe})
				found, _ := example.Response.Response["Found"].(bool)
				for _, w := range []*world{official, ours} {
					w.putPublished(found)
				}
				c := apiCall{service: "tke", action: action, request: example.Request}
				officialAnswer, ourAnswer := c.makeOfficial(t, official), c.makeOurs(t, ours)
				for _, got := range []answer{officialAnswer, ourAnswer} {
					names := slices.Sorted(maps.Keys(example.Response.Response))
					if diff := cmp.Diff(names, slices.Sorted(maps.Keys(got.Response))); diff != "" {
						t.Errorf("fields of the answer (-published +answered):\n%s", diff)
					}
					if action == tketest.ActionCreate {
						delete(got.Response, "ImageCacheId")
					}
				}
				compareAnswers(t, officialAnswer, ourAnswer)
				compareRequests(t, official, ours)
				if diff := cmp.Diff(example.Request, official.tke.Requests()[0].Body); diff != "" {
					t.Errorf("the request on the wire (-published +sent):\n%s", diff)
				}
			})
		}
	}
}

// putPublished puts the cache of the published examples, and another where one is to be found.
func (w *world) putPublished(found bool) {
	w.tke.Put(tketest.Cache{ID: "imc-xxx", Name: "imc-nginx", Images: []string{"nginx"}, SnapshotID: "snap-xxx"})
	if found {
		w.tke.Put(tketest.Cache{
			ID: "imc-r1htp8tg", Name: "munaltest2", Images: []string{"redis:8.6.1-trixie"}, SnapshotID: "snap-fji6ytcl",
		})
	}
}
