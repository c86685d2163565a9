// Package acceptance_test runs against the real cloud where TKEIMAGE_TESTACC=1 says so, and against
// the stand-in otherwise, so that the suite itself is tested with every change. `make testacc` says
// what it needs; CONTRIBUTING.md says what it costs.
package acceptance_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// prefix begins the name of every cache that this suite makes, and of no other: the sweeper goes by
// it.
const prefix = "tf-acc-"

func TestMain(m *testing.M) { resource.TestMain(m) }

// A target is the service that the suite runs against.
type target struct {
	real   bool
	region string
	vpc    string
	subnet string
	// public, small, and of the shape name:tag that Docker's hub serves as
	// docker.io/library/name:tag
	images    [2]string
	providers map[string]func() (tfprotov6.ProviderServer, error)
	block     string // of the provider
	poll      time.Duration
	cloud     *tketest.Server // nil for the real one
	building  sync.Mutex      // while it is held, no build of the stand-in ends
	client    *common.Client
}

// turn is held by the one test that uses the account: its quota, and what the run costs at a time,
// are one test's.
var turn sync.Mutex

func inTurn(t *testing.T) {
	t.Helper()
	turn.Lock()
	t.Cleanup(turn.Unlock) // the first cleanup is the last to run, when the caches are deleted
}

// aim chooses the target. Options are the stand-in's. On the real cloud tests wait for each other.
func aim(t *testing.T, options tketest.Options) *target {
	t.Helper()
	if os.Getenv("TKEIMAGE_TESTACC") == "" {
		s := &target{
			region: tketest.DefaultRegion, vpc: "vpc-508ctkfb", subnet: "subnet-8ah75lo8",
			images:    [2]string{"busybox:1.37", "alpine:3.21"},
			providers: acctest.Providers(), poll: 2 * time.Millisecond,
		}
		options.Builder = func(_ context.Context, cache tketest.Cache) error {
			s.building.Lock()
			defer s.building.Unlock()
			if slices.Contains(cache.Images, missing) {
				return errors.New("not found")
			}
			return nil
		}
		s.cloud = acctest.Cloud(t, options)
		s.block = acctest.Configuration(s.cloud, "")
		s.client = dial(common.NewCredential(tketest.DefaultSecretID, tketest.DefaultSecretKey), s.region, s.cloud.URL)
		return s
	}
	inTurn(t)
	s := &target{
		real: true, region: os.Getenv("TENCENTCLOUD_REGION"), vpc: os.Getenv("TKEIMAGE_TESTACC_VPC_ID"),
		subnet: os.Getenv("TKEIMAGE_TESTACC_SUBNET_ID"),
		images: [2]string{
			or("TKEIMAGE_TESTACC_IMAGE", "busybox:1.37"), or("TKEIMAGE_TESTACC_OTHER_IMAGE", "alpine:3.21"),
		}, poll: 5 * time.Second,
		providers: map[string]func() (tfprotov6.ProviderServer, error){
			"tkeimage": func() (tfprotov6.ProviderServer, error) {
				return provider.NewServer(provider.Options{Version: "acceptance"})(), nil
			},
		},
		block: "provider \"tkeimage\" {\n  measurement_cache_dir = \"\"\n}\n",
	}
	for name, value := range map[string]string{
		"TENCENTCLOUD_REGION": s.region, "TKEIMAGE_TESTACC_VPC_ID": s.vpc, "TKEIMAGE_TESTACC_SUBNET_ID": s.subnet,
	} {
		if value == "" {
			t.Fatalf("%s is not set: CONTRIBUTING.md says what the acceptance suite needs", name)
		}
	}
	s.client = dial(account(), s.region, os.Getenv("TKEIMAGE_ENDPOINT_TKE"))
	return s
}

// account is whose caches they are; without credentials the service says what is missing.
func account() common.CredentialIface {
	return common.NewTokenCredential(os.Getenv("TENCENTCLOUD_SECRET_ID"), os.Getenv("TENCENTCLOUD_SECRET_KEY"),
		or("TENCENTCLOUD_SECURITY_TOKEN", os.Getenv("TENCENTCLOUD_TOKEN")))
}

// dial makes a client of the SDK alone: what the suite finds out must not rest on our own
// understanding of the API.
func dial(credential common.CredentialIface, region, endpoint string) *common.Client {
	settings := profile.NewClientProfile()
	settings.Language = "en-US"
	if at, err := url.Parse(endpoint); err == nil && at.Host != "" {
		settings.HttpProfile.Endpoint, settings.HttpProfile.Scheme = at.Host, strings.ToUpper(at.Scheme)
	}
	return common.NewCommonClient(credential, region, settings)
}

// fields are a JSON object, as a request sends it or an answer has it.
type fields map[string]any

// call returns the answer, or the code with which the service refused.
func (s *target) call(t *testing.T, action string, parameters fields) (answer fields, code string) {
	t.Helper()
	return callService(t, s.client, "tke", "2018-05-25", action, parameters)
}

// callService makes one call of any service.
func callService(
	t *testing.T, client *common.Client, service, version, action string, parameters fields,
) (answer fields, code string) {
	t.Helper()
	request := tchttp.NewCommonRequest(service, version, action)
	if err := request.SetActionParameters(map[string]any(parameters)); err != nil {
		t.Fatal(err)
	}
	response := tchttp.NewCommonResponse()
	if err := client.Send(request, response); err != nil {
		refused, ok := errors.AsType[*tcerrors.TencentCloudSDKError](err)
		if !ok || strings.HasPrefix(refused.Code, "ClientError.") {
			t.Fatalf("%s: %v", action, err)
		}
		return nil, refused.Code
	}
	var body struct{ Response fields }
	if err := json.Unmarshal(response.GetBody(), &body); err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return body.Response, ""
}

// must is a call that has to succeed.
func (s *target) must(t *testing.T, action string, parameters fields) fields {
	t.Helper()
	answer, code := s.call(t, action, parameters)
	if code != "" {
		t.Fatalf("%s: the service answers %s", action, code)
	}
	return answer
}

// create creates a cache, with more parameters if need be, and sees to it that it goes.
func (s *target) create(t *testing.T, name string, more fields) (id, code string) {
	t.Helper()
	parameters := fields{"ImageCacheName": name, "Images": []string{s.images[0]}, "VpcId": s.vpc, "SubnetId": s.subnet}
	maps.Copy(parameters, more)
	answer, code := s.call(t, "CreateImageCache", parameters)
	if code != "" {
		return "", code
	}
	id, _ = answer["ImageCacheId"].(string)
	t.Cleanup(func() { s.call(t, "DeleteImageCaches", fields{"ImageCacheIds": []string{id}}) })
	return id, ""
}

// look returns a cache as the service describes it.
func (s *target) look(t *testing.T, id string) fields {
	t.Helper()
	listed, _ := s.must(t, "DescribeImageCaches", fields{"ImageCacheIds": []string{id}})["ImageCaches"].([]any)
	if len(listed) == 0 {
		return nil
	}
	cache, _ := listed[0].(map[string]any)
	return cache
}

// settle waits until a cache is neither being built nor updated.
func (s *target) settle(t *testing.T, id string) fields {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Minute); time.Now().Before(deadline); time.Sleep(s.poll) {
		if cache := s.look(t, id); cache != nil && cache["Status"] != "Pending" && cache["Status"] != "Updating" {
			return cache
		}
	}
	t.Fatalf("%s does not settle", id)
	return nil
}

// update updates a cache and waits; the code says why not.
func (s *target) update(t *testing.T, id string, changes fields) (cache fields, code string) {
	t.Helper()
	changes["ImageCacheId"] = id
	if _, code := s.call(t, "UpdateImageCache", changes); code != "" {
		return s.look(t, id), code
	}
	return s.settle(t, id), ""
}

func or(variable, value string) string {
	if set := os.Getenv(variable); set != "" {
		return set
	}
	return value
}

func newName() string { return fmt.Sprintf("%s%s", prefix, strings.ToLower(rand.Text()[:10])) }
