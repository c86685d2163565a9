package tketest_test

import (
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func TestCreateRefusesWhatIsMalformed(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{RequestsPerSecond: -1})
	credential := func(f fields) fields { return fields{"ImageRegistryCredentials": []fields{f}} }
	for _, test := range []struct {
		name  string
		more  fields
		code  string
		names string // what the message has to name
	}{
		{"unknown field", fields{"ClientToken": "a"}, "UnknownParameter", "`ClientToken`"},
		{"another case", fields{"VPCId": "vpc-1"}, "UnknownParameter", "`VPCId`"},
		{"plural EIP", fields{"ExistedEipIds": []string{"eip-1"}}, "UnknownParameter", "`ExistedEipIds`"},
		{
			"small p", fields{"RegistryHttpEndpointList": []string{"a"}}, "UnknownParameter",
			"`RegistryHttpEndpointList`",
		},
		{
			"unknown inner field", credential(fields{"Server": "a", "Email": "b"}), "UnknownParameter",
			"`ImageRegistryCredentials.0.Email`",
		},
		{"inner field missing", fields{"Tags": []fields{{"Key": "a"}}}, "MissingParameter", "`Tags.0.Value`"},
		{
			"delete policy missing", fields{"AutoCreateEipAttribute": fields{}}, "MissingParameter",
			"`AutoCreateEipAttribute.DeletePolicy`",
		},
		{"text for a number", fields{"ImageCacheSize": "20"}, "InvalidParameter", "`ImageCacheSize`"},
		{"fraction", fields{"ImageCacheSize": 20.5}, "InvalidParameter", "`ImageCacheSize`"},
		{"negative", fields{"RetentionDays": -1}, "InvalidParameter", "`RetentionDays`"},
		{"number for text", fields{"ImageCacheName": 7}, "InvalidParameter", "`ImageCacheName`"},
		{"text for a boolean", fields{"AutoCreateEip": "true"}, "InvalidParameter", "`AutoCreateEip`"},
		{"text for a list", fields{"Images": "app:1"}, "InvalidParameter", "`Images`"},
		{"number in a list", fields{"Images": []any{"app:1", 2}}, "InvalidParameter", "`Images.1`"},
		{"map for a list", fields{"Tags": fields{"a": "b"}}, "InvalidParameter", "`Tags`"},
		{
			"list for an object", fields{"AutoCreateEipAttribute": []string{}}, "InvalidParameter",
			"`AutoCreateEipAttribute`",
		},
		{"null", fields{"ResolveConfig": nil}, "InvalidParameter", "`ResolveConfig`"},
		{"null list", fields{"SecurityGroupIds": nil}, "InvalidParameter", "`SecurityGroupIds`"},
		{"no image", fields{"Images": []string{}}, "InvalidParameterValue", "`Images`"},
		{"no reference", fields{"Images": []string{"app:1", "APP 1"}}, "InvalidParameterValue", "`Images.1`"},
		{"swapped ids", fields{"VpcId": "subnet-8ah75lo8"}, "InvalidParameterValue", "`VpcId`"},
		{"empty subnet", fields{"SubnetId": ""}, "InvalidParameterValue", "`SubnetId`"},
		{"no group", fields{"SecurityGroupIds": []string{"default"}}, "InvalidParameterValue", "`SecurityGroupIds.0`"},
		{"too small", fields{"ImageCacheSize": 19}, "InvalidParameterValue", "`ImageCacheSize`"},
		{"too large", fields{"ImageCacheSize": 32001}, "InvalidParameterValue", "`ImageCacheSize`"},
		{"too long", fields{"RetentionDays": 3651}, "InvalidParameterValue", "`RetentionDays`"},
		{"empty name", fields{"ImageCacheName": ""}, "InvalidParameterValue", "`ImageCacheName`"},
		{
			"server with scheme", credential(fields{"Server": "https://a.example.com"}), "InvalidParameterValue",
			"Credentials.0.Server`",
		},
		{
			"registry with path", fields{"RegistrySkipVerifyList": []string{"a.example.com/b"}},
			"InvalidParameterValue", "`RegistrySkipVerifyList.0`",
		},
		{
			"endpoint with scheme", fields{"RegistryHttpEndPointList": []string{"http://a"}}, "InvalidParameterValue",
			"`RegistryHttpEndPointList.0`",
		},
		{
			"tag twice", fields{"Tags": []fields{{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}}},
			"InvalidParameterValue", "`Tags.1.Key`",
		},
		{
			"unknown provider",
			fields{"AutoCreateEipAttribute": fields{"DeletePolicy": "Never", "InternetServiceProvider": "bgp"}},
			"InvalidParameterValue", "InternetServiceProvider`",
		},
		{
			"EIP and another", fields{"ExistedEipId": "eip-1", "AutoCreateEip": true}, "InvalidParameter",
			"`AutoCreateEip`",
		},
		{
			"EIP and attribute",
			fields{"ExistedEipId": "eip-1", "AutoCreateEipAttribute": fields{"DeletePolicy": "Never"}},
			"InvalidParameter", "`AutoCreateEipAttribute`",
		},
		{"snapshotter", fields{"Snapshotter": "overlay"}, "UnknownParameter", "`Snapshotter`"},
	} {
		message := c.refused(t, tketest.ActionCreate, with(minimal(), test.more), test.code)
		if !strings.Contains(message, test.names) {
			t.Errorf("%s: %q does not name %s", test.name, message, test.names)
		}
	}
	if made := s.Caches(); len(made) != 0 || s.Acted(tketest.ActionCreate) != 0 {
		t.Errorf("refused requests made %d caches", len(made))
	}
}

func TestRequiredFields(t *testing.T) {
	t.Parallel()
	_, c := start(t, tketest.Options{RequestsPerSecond: -1})
	complete := map[string]fields{
		tketest.ActionCreate: minimal(),
		tketest.ActionUpdate: {"ImageCacheId": "imc-1"},
		tketest.ActionDelete: {"ImageCacheIds": []string{"imc-1"}},
		tketest.ActionMatch:  {"Images": []string{"app:1"}},
	}
	for action, request := range complete {
		for name := range request {
			message := c.refused(t, action, without(request, name), "MissingParameter")
			if !strings.Contains(message, name) {
				t.Errorf("%s without %s: %s", action, name, message)
			}
		}
		c.refused(t, action, with(request, fields{"Limit": 1}), "UnknownParameter")
	}
}

func TestCreateAcceptsTheEnds(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{RequestsPerSecond: -1})
	for _, more := range []fields{
		{"ImageCacheSize": 20, "RetentionDays": 0}, {"ImageCacheSize": 32000, "RetentionDays": 3650},
		{"ExistedEipId": "eip-1", "AutoCreateEip": false}, {"AutoCreateEipAttribute": fields{"DeletePolicy": "Never"}},
		{"Tags": []fields{}, "SecurityGroupIds": []string{}, "ImageRegistryCredentials": []fields{}},
		{"Images": []string{"localhost:5000/a/b@sha256:" + strings.Repeat("0", 64)}},
		{"RegistryHttpEndPointList": []string{"10.0.0.1:5000"}},
	} {
		c.create(t, more)
	}
	id := c.create(t, nil)
	cache, _ := s.Cache(id)
	if cache.SizeGiB != 20 || cache.RetentionDays != 0 || cache.Type != "manual" || cache.Snapshotter != "overlay" ||
		!cache.ExpiresAt.IsZero() {
		t.Errorf("defaults: %+v", cache)
	}
	if len(id) != len("imc-")+8 || !strings.HasPrefix(id, "imc-") || strings.ToLower(id) != id {
		t.Errorf("id %q", id)
	}
}

func TestUnconfirmedLimits(t *testing.T) {
	t.Parallel()
	_, c := start(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{
		UniqueNames: true, MaxNameLength: 5, MaxImages: 2, MaxIDs: 3, Quota: 2,
	}})
	try := func(action string, request fields, code string) {
		t.Helper()
		c.refused(t, action, request, code)
	}
	c.create(t, fields{"ImageCacheName": "ünïcö", "Images": []string{"a", "b"}})
	try(tketest.ActionCreate, with(minimal(), fields{"ImageCacheName": "ünïcö"}), "InvalidParameterValue")
	try(tketest.ActionCreate, with(minimal(), fields{"ImageCacheName": "longer"}), "InvalidParameterValue")
	try(
		tketest.ActionCreate, with(minimal(), fields{"Images": []string{"a", "b", "c"}}),
		"InvalidParameterValue.LimitExceeded",
	)
	try(
		tketest.ActionDescribe, fields{"ImageCacheIds": []string{"a", "b", "c", "d"}},
		"InvalidParameterValue.LimitExceeded",
	)
	try(
		tketest.ActionDelete, fields{"ImageCacheIds": []string{"a", "b", "c", "d"}},
		"InvalidParameterValue.LimitExceeded",
	)
	c.create(t, nil)
	try(tketest.ActionCreate, minimal(), "LimitExceeded")
}
