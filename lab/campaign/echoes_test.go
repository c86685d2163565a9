//go:build linux

package campaign

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const canaryProxy = "CANARY-proxy-password"

// echoed are the secrets that the provider holds in each of these runs, by their names in the
// guide.
var echoed = []struct{ name, value string }{
	{"`secret_key`", canarySecretKey}, {"`security_token`", canaryToken}, {"password of a registry", canaryPassword},
	{"password of a proxy", canaryProxy},
}

// everySpelling repeats the secrets that each run holds, and more, in many spellings.
func everySpelling(more ...string) string {
	var b strings.Builder
	secrets := more
	for _, secret := range echoed {
		secrets = append(secrets, secret.value)
	}
	for _, secret := range secrets {
		var escapes strings.Builder
		for _, r := range secret {
			fmt.Fprintf(&escapes, `\u%04x`, r)
		}
		for _, spelling := range []string{
			secret, strings.ToUpper(secret), strings.ReplaceAll(url.QueryEscape(secret), "-", "%2d"), escapes.String(),
			base64.StdEncoding.EncodeToString([]byte("u:" + secret)),
			base64.RawURLEncoding.EncodeToString([]byte("us:" + secret)),
			base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret)),
			strings.ToUpper(hex.EncodeToString([]byte(secret))), secret[:9] + "\u200b" + secret[9:],
		} {
			b.WriteString(" " + spelling + " ")
		}
	}
	return b.String()
}

// echo is a place of a peer's answers.
type echo struct {
	title  string
	begin  func(t *testing.T, folder string) (environment []string, configuration string)
	stores bool     // the answer is a good one, so that it reaches a state
	holds  []string // secrets that this run holds beside those of all
}

// serveRaw answers every request with bytes of its own.
func serveRaw(t *testing.T, answer string) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = conn.Write([]byte(answer)) // a client that is gone
			_ = conn.Close()
		}
	})
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// holding configures a password of a registry to which no request is sent.
const holding = `
provider "tkeimage" {
  registries = { "private.example.com" = { username = "u", password = var.password } }
}
`

func listCachesAt(variable string, server *httptest.Server, more ...string) ([]string, string) {
	return append([]string{variable + "=" + server.URL}, more...), holding + "data \"tkeimage_caches\" \"x\" {}\n"
}

func answerWith(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) } // a client that is gone
}

func quoteJSON(text string) string {
	content, _ := json.Marshal(text) // of a string
	return string(content)
}

// newRefusal is an error of the cloud's API.
func newRefusal(more ...string) string {
	return `{"Response":{"Error":{"Code":` + quoteJSON("FailedOperation"+everySpelling(more...)) + `,"Message":` +
		quoteJSON("you sent"+everySpelling(more...)) +
		`},"RequestId":` + quoteJSON("r"+everySpelling(more...)) + `}}`
}

func newEchoedListing() string {
	text := quoteJSON("x" + everySpelling())
	return fmt.Sprintf(
		`{"Response":{"TotalCount":1,"ImageCaches":[{"ImageCacheId":"imc-r1htp8tg","ImageCacheName":%[1]s,`+
			`"ImageCacheType":%[1]s,"Status":"Ready","Images":[%[1]s],"SnapshotId":%[1]s,`+
			`"Tags":[{"Key":"k","Value":%[1]s}],"Events":[{"Type":%[1]s,"Reason":%[1]s,"Message":%[1]s}]}],`+
			`"RequestId":"r"}}`,
		text,
	)
}

// measureAt is a run at a registry that a hook of its own stands before.
func measureAt(t *testing.T, set func(s *registry)) ([]string, string) {
	t.Helper()
	s := newRegistry(t)
	s.pushLayer(typeGzip, small)
	set(s)
	return nil, fmt.Sprintf(`
provider "tkeimage" {
  registries = { %[1]q = { username = "u", password = var.password } }
}
data "tkeimage_root_disk_size" "x" {
  images = ["%[1]s/x:v1"]
}
`, s.host())
}

func respondWith(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // a client that is gone
	}
}

func measureWith(set func(s *registry)) func(*testing.T, string) ([]string, string) {
	return func(t *testing.T, _ string) ([]string, string) { return measureAt(t, set) }
}

func measureAnswered(handler http.HandlerFunc) func(*testing.T, string) ([]string, string) {
	return measureWith(func(s *registry) { s.intercept("/manifests/", handler) })
}

var echoes = []echo{
	{title: "TKE: code, message and request id of an error", begin: func(t *testing.T, _ string) ([]string, string) {
		return listCachesAt("TKEIMAGE_ENDPOINT_TKE", serve(t, answerWith(newRefusal())))
	}},
	{title: "TKE: a page in place of an answer", begin: func(t *testing.T, _ string) ([]string, string) {
		return listCachesAt(
			"TKEIMAGE_ENDPOINT_TKE",
			serve(t, respondWith(http.StatusForbidden, "text/html", "<p>"+everySpelling()+"</p>")),
		)
	}},
	{title: "TKE: status line", begin: func(t *testing.T, _ string) ([]string, string) {
		return listCachesAt("TKEIMAGE_ENDPOINT_TKE", serveRaw(t, "HTTP/1.1 "+everySpelling()+"\r\n\r\n"))
	}},
	{title: "TKE: header lines", begin: func(t *testing.T, _ string) ([]string, string) {
		return listCachesAt("TKEIMAGE_ENDPOINT_TKE", serveRaw(t, "HTTP/1.1 200 OK\r\n"+everySpelling()+"\r\n\r\n"))
	}},
	{
		title:  "TKE: name, images, tags and events of a cache",
		stores: true,
		begin: func(t *testing.T, _ string) ([]string, string) {
			return listCachesAt("TKEIMAGE_ENDPOINT_TKE", serve(t, answerWith(newEchoedListing())))
		},
	},
	{title: "STS: code, message and request id of an error", begin: func(t *testing.T, _ string) ([]string, string) {
		return listCachesAt("TKEIMAGE_ENDPOINT_STS", serve(t, answerWith(newRefusal())),
			"TENCENTCLOUD_ASSUME_ROLE_ARN=qcs::cam::uin/1:roleName/x", "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME=tf")
	}},
	{title: "metadata service: code of an answer", begin: func(t *testing.T, _ string) ([]string, string) {
		return listCachesAt(
			"TKEIMAGE_ENDPOINT_METADATA", serve(t, answerWith(`{"Code":`+quoteJSON(everySpelling())+`}`)),
			"TENCENTCLOUD_CAM_ROLE_NAME=x",
		)
	}},
	{
		title: "registry: code and message of an error",
		begin: measureAnswered(respondWith(http.StatusForbidden, "application/json",
			`{"errors":[{"code":`+quoteJSON(everySpelling())+`,"message":`+quoteJSON(everySpelling())+`}]}`)),
	},
	{
		title: "registry: plain text of an error",
		begin: measureAnswered(respondWith(http.StatusForbidden, "text/plain", everySpelling())),
	},
	{
		title: "registry: realm of a challenge",
		begin: measureAnswered(respondWith(
			http.StatusUnauthorized, "text/plain", "",
			"WWW-Authenticate", `Bearer realm="https://a.example/`+url.PathEscape(canaryPassword)+`"`,
			"WWW-Authenticate", `Bearer realm="`+canaryToken+`"`,
		)),
	},
	{
		title: "registry: where it redirects to",
		begin: measureAnswered(respondWith(
			http.StatusFound, "text/plain", "", "Location", "ftp://"+canarySecretKey+"/"+canaryPassword,
		)),
	},
	{
		title: "registry: media type of a layer",
		begin: measureWith(func(s *registry) { s.pushLayer(typeTar+"+"+canaryPassword, small) }),
	},
	{title: "registry: digest of a layer", begin: measureWith(func(s *registry) {
		s.putImage(descriptor{
			MediaType: typeGzip,
			Size:      1,
			Digest:    "sha256:" + (hex.EncodeToString([]byte(canaryPassword)) + strings.Repeat("0", 64))[:64],
		})
	})},
	{title: "registry: media type of a manifest", begin: measureWith(func(s *registry) {
		s.putDocument("v1", typeManifest, map[string]any{
			"schemaVersion": 2,
			"mediaType":     everySpelling(),
			"config":        s.putBlob(typeConfig, []byte("{}")),
			"layers":        []descriptor{},
		})
	})},
	{
		title: "registry: a manifest that is no JSON",
		begin: measureAnswered(respondWith(http.StatusOK, typeManifest, everySpelling())),
	},
	{title: "storage behind a redirect: text of a refusal", begin: func(t *testing.T, _ string) ([]string, string) {
		storage := serve(t, respondWith(http.StatusForbidden, "text/plain", everySpelling()))
		return measureAt(t, func(s *registry) {
			s.intercept("/blobs/", redirectTo(storage.URL+"/blob?X-Signature="+canary+"-query"))
		})
	}},
	{title: "token service: text of a refusal", begin: func(t *testing.T, _ string) ([]string, string) {
		service := serve(t, recordReceived(t, canaryPassword,
			respondWith(
				http.StatusUnauthorized, "application/json",
				`{"errors":[{"code":"DENIED","message":`+quoteJSON(everySpelling())+`}]}`,
			)))
		return measureWithDocker(t, refuseBearer(service.URL, ""), dockerAuth(canaryPassword))
	}},
	{title: "proxy: status line of a refusal", begin: func(t *testing.T, _ string) ([]string, string) {
		proxy := serveRaw(t, "HTTP/1.1 407 "+everySpelling()+"\r\n\r\n")
		return []string{"HTTPS_PROXY=http://u:" + canaryProxy + "@" + proxy.Listener.Addr().String()},
			holding + "data \"tkeimage_root_disk_size\" \"x\" {\n  images = [\"registry.example.com/x:v1\"]\n}\n"
	}},
	{title: "credential helper: what it prints", begin: func(t *testing.T, folder string) ([]string, string) {
		_, configuration := measureAt(t, func(*registry) {})
		_, host, _ := strings.Cut(configuration, `images = ["`)
		host, _, _ = strings.Cut(host, "/x:v1")
		script := "#!/bin/sh\ncat >/dev/null\necho '" + canaryPassword + "' >&2\necho '" + canaryPassword +
			"'\nexit 1\n"
		err := os.WriteFile(
			filepath.Join(folder, "bin", "docker-credential-loud"),
			[]byte(strings.ReplaceAll(script, "CANARY", `C"A"NARY`)), 0o700,
		)
		if err != nil {
			t.Fatal(err)
		}
		content := fmt.Sprintf(`{"credHelpers":{%q:"loud"}}`, host)
		if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"PATH=" + filepath.Join(folder, "bin") + ":" + os.Getenv("PATH")},
			fmt.Sprintf("data \"tkeimage_root_disk_size\" \"x\" {\n  images = [\"%s/x:v1\"]\n}\n", host)
	}},
}

// ownSecrets is the column of what a run holds beside the secrets of all runs.
const ownSecrets = "what this run holds besides"

// TestEchoes lets every peer repeat every secret.
func TestEchoes(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	columns := []string{"how it ends"}
	for _, secret := range echoed {
		columns = append(columns, secret.name)
	}
	columns = append(columns, ownSecrets)
	seen := newTable("echoes", "Answers that repeat secrets", "where secrets are repeated", columns...)
	t.Cleanup(func() { seen.compareWithGuide(t, true) })
	for i, e := range slices.Concat(echoes, heldEchoes, hostEchoes) {
		seen.addRow(e.title)
		if !*full && i%6 != 4 {
			continue
		}
		t.Run(e.title, func(t *testing.T) {
			t.Parallel()
			r := newRun(t, tketest.Options{}, "HTTP_PROXY=http://u:"+canaryProxy+"@proxy.example:3128")
			more, configuration := e.begin(t, r.folder)
			r.env = append(r.env, more...)
			r.writeConfiguration(configuration)
			if planned, _ := r.try("plan", "-out=kept.plan"); planned == 0 {
				_, _ = r.try("show", "-json", "kept.plan")
				r.unpackArchive("kept.plan")
			}
			code, said := r.try("apply", "-auto-approve")
			ended := "an error that says so"
			if code == 0 {
				ended = "answered"
				_, _ = r.try("show", "-json")
			}
			if (code == 0) != e.stores {
				t.Errorf("exit code %d: %s", code, said)
			}
			seen.count.Add(1)
			seen.setCell(e.title, "how it ends", ended)
			for _, secret := range echoed {
				seen.setCell(e.title, secret.name, r.findSecret(secret.value))
			}
			seen.setCell(e.title, ownSecrets, r.findOwnSecrets(e))
		})
	}
}

// findOwnSecrets looks for the secrets that some runs hold beside those of all: none of them may be
// found in any.
func (r *run) findOwnSecrets(e echo) string {
	cell := "–"
	for _, secret := range heldByRun {
		for _, value := range secret.values {
			where := r.findSecret(value)
			if where != "nowhere" {
				return secret.name + ": " + where
			}
			if slices.Contains(e.holds, value) {
				cell = secret.name + ": " + where
			}
		}
	}
	return cell
}

// findSecret looks for a secret in all that a run has written, logs at TRACE, state and kept files
// among it.
func (r *run) findSecret(secret string) string {
	r.t.Helper()
	if acctest.FindSecret(r.printed.String(), secret) >= 0 {
		return "printed"
	}
	found := "nowhere"
	err := filepath.WalkDir(r.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(path, filepath.Join(r.folder, "bin")) {
			return err
		}
		content, err := os.ReadFile(path)
		if acctest.FindSecret(string(content), secret) >= 0 {
			found = "in " + d.Name()
		}
		return err
	})
	if err != nil {
		r.t.Error(err)
	}
	return found
}
