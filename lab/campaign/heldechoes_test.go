//go:build linux

package campaign

import (
	"archive/zip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
)

// Secrets that a run holds by its own configuration, or that a peer hands out in it.
const (
	canarySAML      = "CANARY-saml-assertion"
	canaryWeb       = "CANARY-web-identity-token"
	canarySessKey   = "CANARY-sts-temporary-key"
	canarySessToken = "CANARY-sts-temporary-token"
	canaryMetaKey   = "CANARY-metadata-temporary-key"
	canaryMetaToken = "CANARY-metadata-temporary-token"
	canaryWriteOnly = "CANARY-write-only-password"
	canaryTCR       = "CANARY-tcr-instance-token"
	canaryBearer    = "CANARY-bearer-of-token-service"
	canaryIdentity  = "CANARY-docker-identity-token"
	canaryAuth      = "CANARY-docker-auth-password"
	canaryHelper    = "CANARY-credential-helper-secret"
)

// heldByRun names these secrets for the guide.
var heldByRun = []struct {
	name   string
	values []string
}{
	{"SAML assertion", []string{canarySAML}}, {"web identity token", []string{canaryWeb}},
	{"keys of STS", []string{canarySessKey, canarySessToken}},
	{"keys of the metadata service", []string{canaryMetaKey, canaryMetaToken}},
	{"`password_wo`", []string{canaryWriteOnly}}, {"token of TCR", []string{canaryTCR}},
	{"bearer token", []string{canaryBearer}},
	{"Docker's identity token", []string{canaryIdentity}}, {"Docker's `auth`", []string{canaryAuth}},
	{"of a credential helper", []string{canaryHelper}},
	{"header of hosts.toml", []string{canaryHeader}}, {"`client_key`", []string{canaryClient.key}},
}

// recordReceived keeps what a peer receives, and fails a test whose peer never received a secret
// that it is to repeat.
func recordReceived(t *testing.T, secret string, answer http.HandlerFunc) http.HandlerFunc {
	t.Helper()
	var mutex sync.Mutex
	var received strings.Builder
	t.Cleanup(func() {
		if acctest.FindSecret(received.String(), secret) < 0 {
			t.Errorf("no peer has received %s", secret)
		}
	})
	return func(w http.ResponseWriter, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true) // of what was received
		mutex.Lock()
		received.Write(dump)
		mutex.Unlock()
		answer(w, r)
	}
}

// answerByAction answers a call to the cloud by its action, and others with a refusal.
func answerByAction(answers map[string]string, refused string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.Header.Get("X-TC-Action")]
		if !ok {
			answer = refused
		}
		_, _ = io.WriteString(w, answer) // a client that is gone
	}
}

const role = "TENCENTCLOUD_ASSUME_ROLE_ARN=qcs::cam::uin/1:roleName/x"

const session = "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME=tf"

// newCacheConfiguration is a cache whose creation needs a secret.
func newCacheConfiguration(password, more string) string {
	return more + `
resource "tkeimage_cache" "x" {
  name      = "llm"
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  registry_credentials = {
    "registry.example.com" = { username = "u", password_wo = ` + password + `, password_wo_version = 1 }
  }
}
`
}

const noCaches = `{"Response":{"TotalCount":0,"ImageCaches":[],"RequestId":"r"}}`

// measureWithDocker is a run at a registry that answers everything by the handler, with credentials
// from a Docker configuration.
func measureWithDocker(t *testing.T, handler http.HandlerFunc, docker func(host string) string) ([]string, string) {
	t.Helper()
	host := strings.TrimPrefix(serve(t, handler).URL, "http://")
	folder := t.TempDir() // which is not searched: the configuration holds the secret
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(docker(host)), 0o600); err != nil {
		t.Fatal(err)
	}
	data := fmt.Sprintf("\ndata \"tkeimage_root_disk_size\" \"x\" {\n  images = [\"%s/x:v1\"]\n}\n", host)
	return []string{"DOCKER_CONFIG=" + folder}, holding + data
}

// dockerAuth returns the content of a Docker configuration with a password for a host.
func dockerAuth(password string) func(host string) string {
	return func(host string) string {
		return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte("u:"+password)))
	}
}

// createWithTCRToken returns the configuration of a cache whose creation needs a token of TCR.
func createWithTCRToken() string {
	return holding + newCacheConfiguration("ephemeral.tkeimage_tcr_token.x.token",
		"ephemeral \"tkeimage_tcr_token\" \"x\" {\n  registry_id = \"tcr-ak9876\"\n}")
}

// refuseCreate answers lists without caches, and refuses everything else with a text that repeats a
// secret.
func refuseCreate(secret string) http.HandlerFunc {
	return answerByAction(map[string]string{"DescribeImageCaches": noCaches}, newRefusal(secret))
}

func refuseBasic(secret string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			respondWith(http.StatusUnauthorized, "text/plain", "", "WWW-Authenticate", `Basic realm="x"`)(w, r)
			return
		}
		respondWith(http.StatusForbidden, "text/plain", everySpelling(secret))(w, r)
	}
}

// refuseBearer leads to a token service, and refuses every request that carries a token.
func refuseBearer(service, refused string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			respondWith(http.StatusForbidden, "text/plain", refused)(w, r)
			return
		}
		respondWith(
			http.StatusUnauthorized, "text/plain", "", "WWW-Authenticate",
			fmt.Sprintf(`Bearer realm="%s/token",service="x"`, service),
		)(w, r)
	}
}

var heldEchoes = []echo{
	{
		title: "STS: refusal of an assertion",
		holds: []string{canarySAML},
		begin: func(t *testing.T, _ string) ([]string, string) {
			return listCachesAt(
				"TKEIMAGE_ENDPOINT_STS", serve(t, recordReceived(t, canarySAML, answerWith(newRefusal(canarySAML)))),
				role, session, "TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION="+canarySAML,
				"TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN=qcs::cam::uin/1:saml-provider/x",
			)
		},
	},
	{
		title: "STS: refusal of a web identity",
		holds: []string{canaryWeb},
		begin: func(t *testing.T, _ string) ([]string, string) {
			return listCachesAt(
				"TKEIMAGE_ENDPOINT_STS", serve(t, recordReceived(t, canaryWeb, answerWith(newRefusal(canaryWeb)))),
				role, session, "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN="+canaryWeb,
			)
		},
	},
	{
		title: "TKE: refusal of a session",
		holds: []string{canarySessKey, canarySessToken},
		begin: func(t *testing.T, _ string) ([]string, string) {
			sts := serve(t, answerWith(fmt.Sprintf(
				`{"Response":{"Credentials":{"TmpSecretId":"AKIDs","TmpSecretKey":%q,"Token":%q},`+
					`"ExpiredTime":%d,"RequestId":"r"}}`,
				canarySessKey, canarySessToken, time.Now().Add(time.Hour).Unix(),
			)))
			return listCachesAt(
				"TKEIMAGE_ENDPOINT_TKE",
				serve(t, recordReceived(t, canarySessToken, answerWith(newRefusal(canarySessKey, canarySessToken)))),
				role, session, "TKEIMAGE_ENDPOINT_STS="+sts.URL,
			)
		},
	},
	{
		title: "TKE: refusal of a machine's role",
		holds: []string{canaryMetaKey, canaryMetaToken},
		begin: func(t *testing.T, _ string) ([]string, string) {
			metadata := serve(t, answerWith(fmt.Sprintf(
				`{"Code":"Success","TmpSecretId":"AKIDm","TmpSecretKey":%q,"Token":%q,"ExpiredTime":%d}`,
				canaryMetaKey, canaryMetaToken, time.Now().Add(time.Hour).Unix(),
			)))
			return listCachesAt(
				"TKEIMAGE_ENDPOINT_TKE",
				serve(t, recordReceived(t, canaryMetaToken, answerWith(newRefusal(canaryMetaKey, canaryMetaToken)))),
				"TENCENTCLOUD_CAM_ROLE_NAME=x", "TKEIMAGE_ENDPOINT_METADATA="+metadata.URL,
			)
		},
	},
	{
		title: "TKE: refusal of a creation",
		holds: []string{canaryWriteOnly},
		begin: func(t *testing.T, _ string) ([]string, string) {
			tke := serve(t, recordReceived(t, canaryWriteOnly, refuseCreate(canaryWriteOnly)))
			return []string{"TKEIMAGE_ENDPOINT_TKE=" + tke.URL, "TF_VAR_write_only=" + canaryWriteOnly},
				holding + newCacheConfiguration(
					"var.write_only", "variable \"write_only\" {\n  type      = string\n  ephemeral = true\n}",
				)
		},
	},
	{title: "TCR: code, message and request id of an error", begin: func(t *testing.T, _ string) ([]string, string) {
		tcr := serve(t, answerWith(newRefusal()))
		return []string{"TKEIMAGE_ENDPOINT_TCR=" + tcr.URL}, createWithTCRToken()
	}},
	{
		title: "TKE: refusal of a creation with a token of TCR",
		holds: []string{canaryTCR},
		begin: func(t *testing.T, _ string) ([]string, string) {
			tcr := serve(t, answerWith(fmt.Sprintf(
				`{"Response":{"Username":"100000000001","Token":%q,"ExpTime":%d,"RequestId":"r"}}`,
				canaryTCR, time.Now().Add(time.Hour).UnixMilli(),
			)))
			tke := serve(t, recordReceived(t, canaryTCR, refuseCreate(canaryTCR)))
			return []string{
				"TKEIMAGE_ENDPOINT_TKE=" + tke.URL, "TKEIMAGE_ENDPOINT_TCR=" + tcr.URL,
			}, createWithTCRToken()
		},
	},
	{
		title: "registry: refusal of a bearer token",
		holds: []string{canaryBearer},
		begin: func(t *testing.T, _ string) ([]string, string) {
			service := serve(t, answerWith(fmt.Sprintf(`{"token":%q}`, canaryBearer)))
			answer := recordReceived(t, canaryBearer, refuseBearer(service.URL, everySpelling(canaryBearer)))
			return measureWithDocker(t, answer, dockerAuth(canaryPassword))
		},
	},
	{
		title: "token service: refusal of an identity token",
		holds: []string{canaryIdentity},
		begin: func(t *testing.T, _ string) ([]string, string) {
			refusal := `{"errors":[{"code":"DENIED","message":` + quoteJSON(everySpelling(canaryIdentity)) + `}]}`
			answer := respondWith(http.StatusUnauthorized, "application/json", refusal)
			service := serve(t, recordReceived(t, canaryIdentity, answer))
			return measureWithDocker(t, refuseBearer(service.URL, ""), func(host string) string {
				return fmt.Sprintf(`{"auths":{%q:{"identitytoken":%q}}}`, host, canaryIdentity)
			})
		},
	},
	{
		title: "registry: refusal of Docker's `auth`",
		holds: []string{canaryAuth},
		begin: func(t *testing.T, _ string) ([]string, string) {
			answer := recordReceived(t, canaryAuth, refuseBasic(canaryAuth))
			return measureWithDocker(t, answer, dockerAuth(canaryAuth))
		},
	},
	{
		title: "registry: refusal of what a credential helper gave",
		holds: []string{canaryHelper},
		begin: func(t *testing.T, _ string) ([]string, string) {
			folder := t.TempDir()
			script := "#!/bin/sh\ncat >/dev/null\necho '" + canaryHelper +
				"' >&2\necho '{\"Username\":\"u\",\"Secret\":\"" + canaryHelper + "\"}'\n"
			err := os.WriteFile(filepath.Join(folder, "docker-credential-quiet"), []byte(script), 0o700)
			if err != nil {
				t.Fatal(err)
			}
			more, configuration := measureWithDocker(
				t, recordReceived(t, canaryHelper, refuseBasic(canaryHelper)), func(host string) string {
					return fmt.Sprintf(`{"credHelpers":{%q:"quiet"}}`, host)
				},
			)
			return append(more, "PATH="+folder+":"+os.Getenv("PATH")), configuration
		},
	},
}

// unpackArchive writes what an archive holds beside it, as a kept plan is one; what is none is
// left.
func (r *run) unpackArchive(file string) {
	r.t.Helper()
	path := filepath.Join(r.folder, file)
	archive, err := zip.OpenReader(path)
	if err != nil {
		return
	}
	defer archive.Close()
	for i, member := range archive.File {
		content, err := archive.Open(member.Name)
		if err != nil {
			r.t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		if err == nil {
			err = os.WriteFile(fmt.Sprintf("%s-%d", path, i), data, 0o600)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}
