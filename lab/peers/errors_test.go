package peers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// refusedCall is a call that a stand-in answers with an error.
type refusedCall struct {
	title   string
	call    apiCall
	options worldOptions
	prepare func(*world)
	caller  func(w *world, to *target)
	code    string
}

var (
	listAll  = apiCall{service: "tke", action: tketest.ActionDescribe, request: object{}}
	whoAmI   = apiCall{service: "sts", action: "GetCallerIdentity", request: object{}}
	newToken = apiCall{service: "tcr", action: "CreateInstanceToken", request: object{"RegistryId": registry}}
)

func withRequest(c apiCall, request object) apiCall {
	c.request = request
	return c
}

func withRole(arn string) apiCall {
	return apiCall{service: "sts", action: "AssumeRole", request: object{"RoleArn": arn, "RoleSessionName": "peer"}}
}

// withTags asks for a session with tags of these keys.
func withTags(keys ...string) apiCall {
	call := withRole(roleARN)
	tags := make([]object, 0, len(keys))
	for _, key := range keys {
		tags = append(tags, object{"Key": key, "Value": "value"})
	}
	call.request["Tags"] = tags
	return call
}

func numbered(count int) (keys []string) {
	for i := range count {
		keys = append(keys, fmt.Sprint("key", i))
	}
	return keys
}

func create(fields object) apiCall {
	request := object{"Images": []string{"nginx:1.27"}, "VpcId": "vpc-1", "SubnetId": "subnet-1"}
	for name, value := range fields {
		request[name] = value
		if value == nil {
			delete(request, name)
		}
	}
	return apiCall{service: "tke", action: tketest.ActionCreate, request: request}
}

// ids returns as many ids of caches that do not exist.
func ids(count int) (list []string) {
	for range count {
		list = append(list, "imc-absent01")
	}
	return list
}

func useKey(key apitest.Credential) func(*world, *target) {
	return func(_ *world, to *target) { to.credential = key }
}

func useRegion(region string) func(*world, *target) {
	return func(_ *world, to *target) { to.region = region }
}

// useSession calls with a session of the stand-in for STS, and with its own token or another.
func useSession(token string) func(*world, *target) {
	return func(w *world, to *target) {
		to.credential = w.sts.IssueSession(roleARN, "peer", time.Hour)
		if token != "its own" {
			to.credential.Token = token
		}
	}
}

func clockAhead() time.Time { return time.Now().Add(6 * time.Minute) }

func clockBehind() time.Time { return time.Now().Add(-6 * time.Minute) }

var (
	otherID  = apitest.Credential{SecretID: "AKIDother", SecretKey: "key"}
	otherKey = apitest.Credential{SecretID: accountKey.SecretID, SecretKey: "other"}

	updateNothing = apiCall{
		service: "tke", action: tketest.ActionUpdate, request: object{"ImageCacheId": "imc-absent01"},
	}
	deleteNothing = apiCall{service: "tke", action: tketest.ActionDelete, request: object{"ImageCacheIds": ids(1)}}
	otherRole     = withRole(roleARN + "-other")
	serviceRole   = withRole("qcs::cam::uin/" + account + ":role/tencentcloudServiceRoleName/peer")
	noRole        = withRole("peer")
	otherToken    = apiCall{service: "sts", action: "AssumeRoleWithWebIdentity", unsigned: true, request: object{
		"RoleArn": roleARN, "RoleSessionName": "peer", "ProviderId": "peer", "WebIdentityToken": "other",
	}}
	otherDisk = apiCall{service: "cbs", action: "InquiryPriceCreateDisks", request: object{
		"DiskChargeType": "POSTPAID_BY_HOUR", "DiskType": "CLOUD_OTHER", "DiskSize": 50,
	}}
)

// refusedCredentials are calls whose signature, session or clock is wrong.
var refusedCredentials = []refusedCall{
	{title: "unknown key", code: "AuthFailure.SecretIdNotFound", call: listAll, caller: useKey(otherID)},
	{title: "wrong key", code: "AuthFailure.SignatureFailure", call: listAll, caller: useKey(otherKey)},
	{title: "wrong key for STS", code: "AuthFailure.SignatureFailure", call: whoAmI, caller: useKey(otherKey)},
	{title: "wrong key for TCR", code: "AuthFailure.SignatureFailure", call: newToken, caller: useKey(otherKey)},
	{title: "wrong key for CBS", code: "AuthFailure.SignatureFailure", call: otherDisk, caller: useKey(otherKey)},
	{title: "session without its token", code: "AuthFailure.TokenFailure", call: listAll, caller: useSession("")},
	{title: "session with another token", code: "AuthFailure.TokenFailure", call: listAll, caller: useSession("other")},
	{title: "expired session", code: "AuthFailure.TokenFailure", call: listAll,
		options: worldOptions{session: time.Nanosecond}, caller: useSession("its own")},
	{title: "clock of the service ahead", code: "AuthFailure.SignatureExpire", call: listAll,
		options: worldOptions{clock: clockAhead}},
	{title: "clock of the service behind", code: "AuthFailure.SignatureExpire", call: listAll,
		options: worldOptions{clock: clockBehind}},
	{title: "clock of STS behind", code: "AuthFailure.SignatureExpire", call: whoAmI,
		options: worldOptions{now: clockBehind()}},
	{title: "other region", code: "UnsupportedRegion", call: listAll, caller: useRegion("ap-nowhere")},
	{title: "no region", code: "MissingParameter", call: listAll, caller: useRegion("")},
	{title: "permission denied", code: "UnauthorizedOperation.CamNoAuth", call: listAll,
		prepare: func(w *world) { w.tke.Deny(tketest.ActionDescribe) }},
	{title: "throttled", code: tketest.CodeUinLimitExceeded, call: listAll, prepare: func(w *world) {
		w.tke.Inject(tketest.Fault{Effect: tketest.Throttle{Code: tketest.CodeUinLimitExceeded}})
	}},
}

// refusedParameters are calls whose parameters are wrong.
var refusedParameters = []refusedCall{
	{title: "unknown parameter", code: "UnknownParameter", call: create(object{"Snapshotter": "overlay"})},
	{title: "unknown parameter within", code: "UnknownParameter",
		call: create(object{"Tags": []object{{"Key": "k", "Value": "v", "Color": "red"}}})},
	{title: "unknown parameter of STS", code: "UnknownParameter", call: withRequest(whoAmI, object{"Region": region})},
	{title: "missing parameter", code: "MissingParameter", call: create(object{"VpcId": nil})},
	{title: "wrong type", code: "InvalidParameter", call: create(object{"ImageCacheSize": "50"})},
	{title: "no images", code: "InvalidParameterValue", call: create(object{"Images": []string{}})},
	{title: "disk too small", code: "InvalidParameterValue", call: create(object{"ImageCacheSize": 19})},
	{title: "two kinds of EIP", code: "InvalidParameter",
		call: create(object{"ExistedEipId": "eip-1", "AutoCreateEip": true})},
	{title: "page too long", code: "InvalidParameterValue", call: withRequest(listAll, object{"Limit": 51})},
	{title: "page far too long", code: "InvalidParameterValue", call: withRequest(listAll, object{"Limit": 100})},
	{title: "too many ids", code: "InvalidParameterValue.LimitExceeded",
		call: withRequest(listAll, object{"ImageCacheIds": ids(51)})},
	{title: "other filter", code: "InvalidParameterValue",
		call: withRequest(listAll, object{"Filters": []object{{"Name": "status", "Values": []string{"Ready"}}}})},
	{title: "update of nothing", code: "ResourceNotFound", call: updateNothing},
	{title: "deletion of nothing", code: "ResourceNotFound", call: deleteNothing},
	{title: "other role", code: "ResourceNotFound.RoleNotFound", call: otherRole},
	{title: "role of a service that does not exist", code: "ResourceNotFound.RoleNotFound", call: serviceRole},
	{title: "role without an ARN", code: "ResourceNotFound.RoleNotFound", call: noRole},
	{title: "two session tags of one key", code: "InvalidParameter", call: withTags("team", "team")},
	{title: "51 session tags", code: "InvalidParameter", call: withTags(numbered(51)...)},
	{title: "a session tag with too long a key", code: "InvalidParameter", call: withTags(strings.Repeat("k", 129))},
	{title: "a session tag without a value", code: "MissingParameter", call: withRequest(
		withTags(), object{"RoleArn": roleARN, "RoleSessionName": "peer", "Tags": []object{{"Key": "team"}}},
	)},
	{title: "other web identity", code: "InvalidParameter.WebIdentityTokenError", call: otherToken},
	{title: "other registry", code: "ResourceNotFound", call: withRequest(newToken, object{"RegistryId": "tcr-other"})},
	{title: "other token", code: "ResourceNotFound", call: apiCall{
		service: "tcr", action: "DeleteInstanceToken", request: object{"RegistryId": registry, "TokenId": "other"},
	}},
	{title: "no token", code: "MissingParameter", call: apiCall{
		service: "tcr", action: "DeleteInstanceToken", request: object{"RegistryId": registry},
	}},
	{title: "other disk", code: "InvalidParameterValue", call: otherDisk},
}

func TestErrorsReachBothClientsAlike(t *testing.T) {
	t.Parallel()
	peer := requireOfficialClient(t)
	for _, c := range slices.Concat(refusedCredentials, refusedParameters) {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			official, ours := startWorlds(t, c.options)
			targets := make([]target, 0, 2)
			for _, w := range []*world{official, ours} {
				if c.prepare != nil {
					c.prepare(w)
				}
				to := w.target(c.call.service)
				if c.caller != nil {
					c.caller(w, &to)
				}
				targets = append(targets, to)
			}
			options := object{"skipSign": c.call.unsigned}
			action := cloudapi.Action{Name: c.call.action, Unsigned: c.call.unsigned}
			officialAnswer := peer.call(t, targets[0], action.Name, c.call.request, options)
			ourAnswer := callOurs(t, targets[1], action, c.call.request)
			if officialAnswer.Error == nil || ourAnswer.Error == nil {
				t.Fatalf("want %s, the official client got %+v, ours %+v", c.code, officialAnswer, ourAnswer)
			}
			for _, one := range []*callError{officialAnswer.Error, ourAnswer.Error} {
				if one.Code != c.code || one.RequestID == "" {
					t.Errorf("got %+v, want %s with a request id", *one, c.code)
				}
				one.RequestID = ""
				one.Message = strings.Join(strings.Fields(one.Message), " ") // ours stands on one line
			}
			if diff := cmp.Diff(officialAnswer, ourAnswer); diff != "" {
				t.Errorf("errors differ (-official +ours):\n%s", diff)
			}
		})
	}
}

// TestOnlyOurClientMakesAThrottledCallAgain: what the official client leaves to its caller.
func TestOnlyOurClientMakesAThrottledCallAgain(t *testing.T) {
	t.Parallel()
	peer := requireOfficialClient(t)
	official, ours := startWorlds(t, worldOptions{})
	for _, w := range []*world{official, ours} {
		w.tke.Inject(tketest.Fault{Action: tketest.ActionDescribe, Times: 2, Effect: tketest.Throttle{}})
	}
	got := peer.call(t, official.target("tke"), tketest.ActionDescribe, object{}, nil)
	if got.Error == nil || got.Error.Code != "RequestLimitExceeded" || official.tke.Calls(tketest.ActionDescribe) != 1 {
		t.Errorf("the official client: %+v after %d calls", got, official.tke.Calls(tketest.ActionDescribe))
	}
	cache, err := ourTKE(t, ours, 3).Get(t.Context(), readyID)
	if err != nil || cache == nil || ours.tke.Calls(tketest.ActionDescribe) != 3 {
		t.Errorf("ours: %v, %v after %d calls", cache, err, ours.tke.Calls(tketest.ActionDescribe))
	}
}

// TestTheRateLimitIsTheSameForBothClients: a stand-in with a limit of its own, and not an injected
// answer.
func TestTheRateLimitIsTheSameForBothClients(t *testing.T) {
	t.Parallel()
	peer := requireOfficialClient(t)
	official, ours := startWorlds(t, worldOptions{perSec: 1})
	call := map[*world]func() answer{
		official: func() answer { return peer.call(t, official.target("tke"), listAll.action, object{}, nil) },
		ours:     func() answer { return listAll.makeOurs(t, ours) },
	}
	for w, once := range call {
		for refused := false; !refused; { // on a busy machine two calls can be more than a second apart
			got := once()
			refused = got.Error != nil
			if refused && got.Error.Code != "RequestLimitExceeded" {
				t.Errorf("got %+v", *got.Error)
			}
			if w.tke.Calls(tketest.ActionDescribe) > 100 {
				t.Fatal("100 calls, and none was throttled")
			}
		}
	}
}

// TestAPageOfSomethingElseIsNoAnswerToEitherClient: HTTP 502 with HTML in front of the service.
func TestAPageOfSomethingElseIsNoAnswerToEitherClient(t *testing.T) {
	t.Parallel()
	official, ours := startWorlds(t, worldOptions{})
	for _, w := range []*world{official, ours} {
		w.tke.Inject(tketest.Fault{Effect: tketest.HTTPStatus{Status: 502}})
	}
	for client, got := range map[string]answer{
		"the official client": listAll.makeOfficial(t, official),
		"ours":                listAll.makeOurs(t, ours),
	} {
		if got.Error == nil || got.Error.Status != 502 || got.Error.Code != "" {
			t.Errorf("%s: %+v", client, got)
		}
	}
}

// TestTheOfficialClientSignsWhatMustNotBeSigned: by the API's pages these actions bear
// Authorization: SKIP, and the stand-in holds to that. The official client sends that only when its
// caller asks for it.
func TestTheOfficialClientSignsWhatMustNotBeSigned(t *testing.T) {
	t.Parallel()
	peer := requireOfficialClient(t)
	for _, c := range fullCalls {
		if !c.unsigned {
			continue
		}
		w := startWorld(t, worldOptions{})
		got := peer.call(t, w.target(c.service), c.action, c.request, nil)
		if got.Error == nil || got.Error.Code != apitest.CodeInvalidAuthorization {
			t.Errorf("%s, signed: %+v", c.action, got)
		}
		if got := c.makeOfficial(t, w); got.Error != nil {
			t.Errorf("%s, with skipSign: %+v", c.action, *got.Error)
		}
	}
}
