//go:build linux

package campaign

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials/ststest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr/tcrtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// door stands before a service: what comes through while it is shut meets trouble.
type door struct {
	service http.Handler

	action string // that trouble is made for, "" for every one

	mu    sync.Mutex
	shut  *intrusion
	met   int // requests that trouble was made for
	calls int // requests since the door was shut
}

// intrusion is trouble with a call of one of the smaller services.
type intrusion struct {
	title string
	lasts bool
	says  string
	does  func(w http.ResponseWriter, r *http.Request, service http.Handler)
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	trouble := d.shut
	if action := r.Header.Get("X-TC-Action"); d.action != "" && action != d.action {
		trouble = nil
	}
	d.calls++
	if trouble != nil {
		d.met++
		if !trouble.lasts {
			d.shut = nil
		}
	}
	d.mu.Unlock()
	if trouble == nil {
		d.service.ServeHTTP(w, r)
		return
	}
	trouble.does(w, r, d.service)
}

func (d *door) setTrouble(trouble *intrusion) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut, d.calls = trouble, 0
}

func (d *door) countCalls() (met, calls int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.met, d.calls
}

func resetConnection(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, and not an orderly end
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

func refuseByReset(w http.ResponseWriter, _ *http.Request, _ http.Handler) { resetConnection(w) }

// actAndChange lets the service act, and then does something else with its answer.
func actAndChange(
	then func(w http.ResponseWriter, answer []byte),
) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, service http.Handler) {
		answer := httptest.NewRecorder()
		service.ServeHTTP(answer, r)
		then(w, answer.Body.Bytes())
	}
}

func answerPage(status int) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		// a client that is gone
		_, _ = fmt.Fprintf(w, "<html><head><title>%d</title></head><body>%[1]d</body></html>", status)
	}
}

func refuseWith(code string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		_, _ = fmt.Fprintf(
			w, `{"Response":{"Error":{"Code":%q,"Message":"as the campaign wants it"},"RequestId":"campaign-1"}}`,
			code,
		)
	}
}

func answerLate(w http.ResponseWriter, r *http.Request, service http.Handler) {
	select {
	case <-r.Context().Done():
	case <-time.After(lateAnswer):
	}
	service.ServeHTTP(w, r)
}

var intrusions = []intrusion{
	{title: "connection reset before the request was taken", does: refuseByReset, says: "got no answer"},
	{
		title: "connection reset after it was",
		does:  actAndChange(func(w http.ResponseWriter, _ []byte) { resetConnection(w) }),
		says:  "got no answer",
	},
	{title: "connection reset, and it stays so", does: refuseByReset, lasts: true, says: "got no answer"},
	{title: "answer later than a try may take", does: answerLate, says: "got no answer: no answer within 1s"},
	{title: "HTTP 502 with a page of HTML", does: answerPage(http.StatusBadGateway), says: "HTTP status 502"},
	{
		title: "HTTP 503, and it stays so",
		does:  answerPage(http.StatusServiceUnavailable),
		lasts: true,
		says:  "HTTP status 503",
	},
	{title: "HTTP 200 with a page of HTML", does: answerPage(http.StatusOK), says: "something other than the"},
	{
		title: "half of the JSON",
		does:  actAndChange(func(w http.ResponseWriter, answer []byte) { _, _ = w.Write(answer[:len(answer)/2]) }),
		says:  "something other than the",
	},
	{title: "half of the JSON, and it stays so", lasts: true, says: "something other than the",
		does: actAndChange(func(w http.ResponseWriter, answer []byte) { _, _ = w.Write(answer[:len(answer)/2]) })},
	{title: "RequestLimitExceeded", does: refuseWith("RequestLimitExceeded"), says: "RequestLimitExceeded"},
	{
		title: "RequestLimitExceeded, and it stays so",
		does:  refuseWith("RequestLimitExceeded"),
		lasts: true,
		says:  "RequestLimitExceeded",
	},
	{title: "InternalError", does: refuseWith("InternalError"), says: "InternalError"},
	{title: "InternalError, and it stays so", does: refuseWith("InternalError"), lasts: true, says: "InternalError"},
	{
		title: "permission missing",
		does:  refuseWith("UnauthorizedOperation"),
		lasts: true,
		says:  "UnauthorizedOperation",
	},
}

// The calls of the smaller services that a creation makes, the last of them as the run ends.
const (
	theRole   = ststest.AssumeRole
	temporary = tcrtest.CreateInstanceToken + ", temporary"
	longTerm  = tcrtest.CreateInstanceToken + ", long-term"
	ofClosing = tcrtest.DeleteInstanceToken
)

// TestServices strikes the calls that a creation makes beside it: for a role's session, for a
// registry's password, and to delete that.
func TestServices(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	calls := []string{theRole, temporary, longTerm, ofClosing}
	seen := newTable("services", "Faults injected", "trouble", calls...)
	t.Cleanup(func() { seen.compareWithGuide(t, true) })
	for i := range intrusions {
		seen.addRow(intrusions[i].title)
		for j, call := range calls {
			if !*full && i%len(calls) != j {
				continue
			}
			t.Run(call+"/"+intrusions[i].title, func(t *testing.T) {
				t.Parallel()
				outcome, met := intrusions[i].strikeCall(t, call)
				seen.setCell(intrusions[i].title, call, outcome)
				seen.count.Add(int64(met))
			})
		}
	}
}

func (f *intrusion) strikeCall(t *testing.T, call string) (outcome string, met int) {
	t.Helper()
	role := "qcs::cam::uin/100000000001:roleName/campaign"
	sts := ststest.New(ststest.Options{
		Keys: map[string][]apitest.Credential{
			"100000000001": {{SecretID: secretID, SecretKey: canarySecretKey, Token: canaryToken}},
		},
		Roles: map[string]ststest.Role{role: {Principals: []string{"100000000001"}}},
	})
	tcr := tcrtest.New(tcrtest.Options{
		Lookup:    sts.Lookup,
		Instances: map[string]tcrtest.Account{"tcr-ak9876": {Username: "100000000001", Token: canaryPassword}},
	})
	doors := map[string]*door{"sts": {service: sts}, "tcr": {service: tcr}}
	r := newRun(t, tketest.Options{Sessions: sts.Lookup},
		"TKEIMAGE_ENDPOINT_STS="+apitest.Start(t, doors["sts"]),
		"TKEIMAGE_ENDPOINT_TCR="+apitest.Start(t, doors["tcr"]))
	struck, kind := doors["tcr"], "temp"
	switch call {
	case theRole:
		struck = doors["sts"]
	case longTerm:
		kind = "longterm"
	case ofClosing:
		kind, struck.action = "longterm", tcrtest.DeleteInstanceToken
	}
	r.writeConfiguration(newRoleConfiguration(role, kind, call == ofClosing))
	struck.setTrouble(f)
	code, said := r.apply()
	met, calls := struck.countCalls()
	struck.setTrouble(nil)
	switch {
	case met == 0:
		t.Fatalf("the trouble never came: %s", said)
	case code != 0 && !strings.Contains(said, f.says):
		t.Errorf("the error does not say %q: %s", f.says, said)
	case code != 0 && call == longTerm && !f.lasts && calls != 1:
		t.Errorf("a long-term token was asked for %d times, and the first may have been made", calls)
	}
	outcome = r.repeatCommand(code == 0, creating)
	if slices.ContainsFunc(r.cloud.Requests(), func(q tketest.Request) bool { return sts.RoleOf(q.SecretID) != role }) {
		t.Error("the service received a request that the role did not sign")
	}
	return outcome, met
}

// newRoleConfiguration is a cache that is made by a role, with a password from TCR.
func newRoleConfiguration(role, kind string, deleted bool) string {
	return fmt.Sprintf(`
provider "tkeimage" {
  assume_role {
    role_arn         = %q
    session_name     = "campaign"
    session_duration = 3600
  }
}
ephemeral "tkeimage_tcr_token" "x" {
  registry_id     = "tcr-ak9876"
  token_type      = %q
  delete_on_close = %t
}
resource "tkeimage_cache" "x" {
  name      = "llm"
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  registry_credentials = {
    "registry.example.com" = {
      username            = "100000000001"
      password_wo         = ephemeral.tkeimage_tcr_token.x.token
      password_wo_version = 1
    }
  }
}
`, role, kind, deleted)
}
