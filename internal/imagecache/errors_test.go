package imagecache_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func TestWrongKeySaysCodeRequestIDAndWhichSettings(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	wrong := strings.ReplaceAll(configuration(cloud, base), tketest.DefaultSecretKey, "another-key")
	run(t, cloud, resource.TestStep{
		Config: wrong,
		ExpectError: acctest.MatchWrapped(
			`Cannot create image cache "llm".*AuthFailure.SignatureFailure.*Request id: [0-9a-f-]{36}.*` +
				`The secret key does not belong to the secret id.*` +
				`provider argument secret_id, the provider argument secret_key`,
		),
	})
	if calls := cloud.Calls(tke.ActionCreate); calls != 0 {
		t.Errorf("%d creates were sent", calls)
	}
}

func TestNoCredentialsAreNoticedByThePlan(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	without := regexp.MustCompile(`(?m)^\s+secret_.*$`).ReplaceAllString(configuration(cloud, base), "")
	run(t, cloud, resource.TestStep{
		Config:   without,
		PlanOnly: true,
		ExpectError: acctest.MatchWrapped(
			`No cloud credentials were found. Places searched:.*secret_id and secret_key.*TENCENTCLOUD_SECRET_ID`,
		),
	})
	half := regexp.MustCompile(`(?m)^\s+secret_key.*$`).ReplaceAllString(configuration(cloud, base), "")
	run(t, cloud, resource.TestStep{
		Config:   half,
		PlanOnly: true,
		ExpectError: acctest.MatchWrapped(
			`Credentials are incomplete.*secret_id is set by the provider argument secret_id, but secret_key is not`,
		),
	})
}

// TestWrongInputIsRefusedBeforeAnythingIsSent: at validation, attributed to the attribute.
func TestWrongInputIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		more attributes
		says string
	}{
		"both kinds of EIP": {
			attributes{"existing_eip_id": `"eip-1"`, "auto_eip": "{}"}, `existing_eip_id.*auto_eip`,
		},
		"too small":              {attributes{"size_gib": "19"}, `size_gib.*between 20 and 32000`},
		"too large":              {attributes{"size_gib": "32001"}, `size_gib.*between 20 and 32000`},
		"kept for ever and more": {attributes{"retention_days": "3651"}, `retention_days.*between 0 and 3650`},
		"no images":              {attributes{"images": "[]"}, `images.*at least 1`},
		"an image with a space":  {attributes{"images": `["nginx latest"]`}, `images.*a reference has no blanks`},
		"a URL as a host": {
			attributes{"insecure_registries": `["https://a.example.com"]`}, `insecure_registries.*bare host`,
		},
		"a URL as a server": {
			attributes{"registry_credentials": `{ "https://a.example.com/v2" = {} }`},
			`registry_credentials.*bare host`,
		},
		"a digest that is none": {attributes{"image_digests": `{ x = "latest" }`}, `image_digests.*must be a digest`},
		"an unknown rebuild":    {attributes{"rebuild": `"never"`}, `rebuild.*"replace" "in_place"`},
		"an unknown line":       {attributes{"auto_eip": `{ isp = "XYZ" }`}, `isp.*"BGP"`},
		"a null image":          {attributes{"images": `["nginx:1.29", null]`}, `images.*null`},
		"no image but null":     {attributes{"images": `[null]`}, `images.*null`},
		"a null tag":            {attributes{"tags": `{ x = null }`}, `tags.*null`},
		"a null security group": {attributes{"security_group_ids": `[null]`}, `security_group_ids.*null`},
		"a null host":           {attributes{"insecure_registries": `[null]`}, `insecure_registries.*null`},
		"another null host":     {attributes{"http_registries": `[null]`}, `http_registries.*null`},
		"a null digest":         {attributes{"image_digests": `{ x = null }`}, `image_digests.*null`},
		"null credentials": {
			attributes{"registry_credentials": `{ "r.example.com" = null }`}, `registry_credentials.*null`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			run(
				t,
				cloud,
				resource.TestStep{
					Config:      configuration(cloud, base.with(test.more)),
					ExpectError: acctest.MatchWrapped(test.says),
				},
			)
			if requests := cloud.Requests(); len(requests) != 0 {
				t.Errorf("the service was asked: %v", requests[0].Action)
			}
		})
	}
}

func TestTheServicesErrorsAreExplained(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(*tketest.Server)
		says    string
	}{
		"an action that is not allowed": {
			func(s *tketest.Server) { s.Deny(tke.ActionCreate) },
			`UnauthorizedOperation.CamNoAuth.*It needs the CAM action tke:CreateImageCache`,
		},
		"quota":    {answer("LimitExceeded"), `A quota is exhausted`},
		"sold out": {answer("ResourcesSoldOut"), `no capacity`},
		"an answer of something else": {
			func(s *tketest.Server) { inject(s, tketest.HTTPStatus{Status: 502}) },
			`its outcome is unknown: HTTP 502 Bad Gateway.*most likely none was created.*terraform import`,
		},
		"a cut connection": {
			func(s *tketest.Server) { inject(s, tketest.ResetBefore{}) }, `was sent, but its outcome is unknown`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			test.prepare(cloud)
			run(t, cloud, resource.TestStep{
				Config:      configuration(cloud, base),
				ExpectError: acctest.MatchWrapped(test.says),
			})
		})
	}
}

func answer(code string) func(*tketest.Server) {
	return func(s *tketest.Server) { inject(s, tketest.ErrorBefore{Code: code, Message: "said the service"}) }
}

func inject(s *tketest.Server, effect tketest.Effect) {
	s.Inject(tketest.Fault{Action: tke.ActionCreate, Effect: effect})
}

// TestNullsAreRefusedWhereverTheyWouldVanish: left out of a list of names, a null would list every
// cache.
func TestNullsAreRefusedWhereverTheyWouldVanish(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ provider, source, says string }{
		"names":           {"", `data "tkeimage_caches" "x" { names = [null] }`, `names.*null`},
		"images of a Pod": {"", `data "tkeimage_cache_match" "x" { images = ["nginx", null] }`, `images.*null`},
		"allowed":         {`allowed_account_ids = [null]`, "", `allowed_account_ids.*null`},
		"forbidden":       {`forbidden_account_ids = [null]`, "", `forbidden_account_ids.*null`},
		"a registry":      {`registries = { "r.example.com" = null }`, "", `registries.*null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			config := acctest.Configuration(cloud, test.provider)
			if test.source == "" {
				test.source = `data "tkeimage_caches" "x" {}`
			}
			run(t, cloud, resource.TestStep{Config: config + test.source, ExpectError: acctest.MatchWrapped(test.says)})
			if requests := cloud.Requests(); len(requests) != 0 {
				t.Errorf("the service was asked: %v", requests[0].Action)
			}
		})
	}
}
