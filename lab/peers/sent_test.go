package peers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// recorder is a wire that keeps which fields the requests of each action had, and answers as little
// as the client needs.
type recorder struct {
	mu   sync.Mutex
	sent map[string]fields
}

// shortAnswers are the answers without which a client would not go on.
var shortAnswers = map[string]object{
	"CreateImageCache":          {"ImageCacheId": "imc-recorded"},
	"DescribeImageCaches":       {"TotalCount": 0, "ImageCaches": []object{}},
	"AssumeRole":                shortSession,
	"AssumeRoleWithSAML":        shortSession,
	"AssumeRoleWithWebIdentity": shortSession,
	"GetCallerIdentity":         {"AccountId": account},
	"CreateInstanceToken":       {"Username": "user", "Token": "token"},
	"InquiryPriceCreateDisks":   {"DiskPrice": object{"UnitPrice": 1}},
}

var shortSession = object{
	"Credentials": object{"TmpSecretId": "id", "TmpSecretKey": "key", "Token": "token"},
	"ExpiredTime": time.Now().Add(time.Hour).Unix(),
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	content, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	var body any
	if err := json.Unmarshal(content, &body); err != nil {
		return nil, err
	}
	action := request.Header.Get("X-TC-Action")
	found := fields{}
	found.addValue(body, "")
	r.mu.Lock()
	if r.sent[action] == nil {
		r.sent[action] = fields{}
	}
	r.sent[action].merge(found)
	r.mu.Unlock()
	answer := object{"RequestId": "recorded"}
	maps.Copy(answer, shortAnswers[action])
	response, err := json.Marshal(object{"Response": answer})
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(response)),
		Request: request,
	}, err
}

// filled returns a value with something in each field that can be set, in those within it too.
func filled[T any]() (value T) {
	fill(reflect.ValueOf(&value).Elem())
	return value
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				fill(field)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("filled")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	default:
		panic("a request has a field of type " + v.Type().String() + ", which is not filled here")
	}
}

// requestsOfClient makes every call that our clients have, with all that can be said, and returns
// what was sent by action.
func requestsOfClient(t *testing.T) map[string]fields {
	t.Helper()
	wire := &recorder{sent: map[string]fields{}}
	config := cloudapi.Config{
		Region: region, Transport: wire, Tries: 1, Secrets: new(redact.Secrets),
		Credentials: cloudapi.Credential{SecretID: "id", SecretKey: "key"},
	}
	for _, c := range []struct {
		title string
		call  func(context.Context, cloudapi.Config) error
	}{{"tke", callTKE}, {"sts", callSTS}, {"tcr", callTCR}, {"cbs", callCBS}} {
		if err := c.call(t.Context(), config); err != nil {
			t.Fatalf("%s: %v", c.title, err)
		}
	}
	return wire.sent
}

func callTKE(ctx context.Context, config cloudapi.Config) error {
	client, err := tke.New(tke.Config{Config: config})
	if err != nil {
		return err
	}
	if _, err := client.Create(ctx, filled[tke.CreateRequest]()); err != nil {
		return err
	}
	if _, err := client.List(ctx, tke.Filter{IDs: []string{"imc-recorded"}}); err != nil {
		return err
	}
	if err := client.Update(ctx, filled[tke.UpdateRequest]()); err != nil {
		return err
	}
	if err := client.Delete(ctx, "imc-recorded", "name"); err != nil {
		return err
	}
	_, err = client.Match(ctx, []string{"nginx"}, "overlay")
	return err
}

func callSTS(ctx context.Context, config cloudapi.Config) error {
	for _, link := range []credentials.Link{
		filled[credentials.AssumeRole](), filled[credentials.SAML](), filled[credentials.WebIdentity](),
	} {
		resolved := credentials.Resolved{
			Region: region, Chain: []credentials.Link{filled[credentials.Static](), link},
			AllowedAccounts: []string{account},
		}
		chain, err := resolved.Credentials(credentials.Services{
			STS: config, ReadFile: func(string) ([]byte, error) { return []byte("token"), nil },
		})
		if err != nil {
			return err
		}
		if _, err := chain.Retrieve(ctx); err != nil {
			return err
		}
	}
	return nil
}

func callTCR(ctx context.Context, config cloudapi.Config) error {
	client, err := tcr.New(config)
	if err != nil {
		return err
	}
	if _, err := client.CreateToken(ctx, filled[tcr.TokenRequest]()); err != nil {
		return err
	}
	return client.DeleteToken(ctx, registry, tokenID)
}

func callCBS(ctx context.Context, config cloudapi.Config) error {
	client, err := cbs.New(config)
	if err != nil {
		return err
	}
	if _, err := client.PricePerHour(ctx, filled[cbs.Disk]()); err != nil {
		return err
	}
	_, err = client.Configs(ctx, "CLOUD_PREMIUM", "ap-guangzhou-3")
	return err
}
