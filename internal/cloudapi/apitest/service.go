// Package apitest is what stand-ins for Tencent Cloud's API have in common: the signature
// (TC3-HMAC-SHA256) and, for the smaller ones, the whole envelope. It is written from what is
// published about the API (https://www.tencentcloud.com/document/api/213/31575), never from the
// client that is tested with it.
package apitest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Service is an HTTP handler that answers the actions of one service. It is strict: requests are
// signed unless the action takes none, and carry known fields of their types only.
type Service struct {
	Name, Version string
	// Lookup returns the credential of a secret id.
	Lookup func(secretID string) (Credential, bool)
	// Clock is the service's time, against which signatures are held and which answers are dated
	// by. Default: time.Now.
	Clock   func() time.Time
	Actions map[string]Action

	mu       sync.Mutex
	requests []Request
	refusals map[string]*Refusal
}

// Action is one operation.
type Action struct {
	Unsigned bool
	Strings  []string // fields of the request that are strings; one with a ! at its end is required
	Integers []string // likewise
	Lists    []string // lists of strings, likewise
	// Objects are lists of objects, each with its fields: strings, likewise.
	Objects map[string][]string
	Run     func(*Call) (any, *Refusal)
}

// Request is one request that came, whatever became of it. It holds nothing that was sent as a
// secret.
type Request struct {
	Action, SecretID, Region string
	Header                   http.Header // without Authorization and X-TC-Token
	Signed                   bool        // it had a signature, rather than SKIP
	Code                     string      // of the error that was answered; empty if none was
}

// Requests are all that came so far, in order.
func (s *Service) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Calls counts the requests for an action that were answered without an error.
func (s *Service) Calls(action string) int {
	count := 0
	for _, r := range s.Requests() {
		if r.Action == action && r.Code == "" {
			count++
		}
	}
	return count
}

// Fail answers an action with an error from now on; nil ends that.
func (s *Service) Fail(action string, refusal *Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusals == nil {
		s.refusals = map[string]*Refusal{}
	}
	s.refusals[action] = refusal
}

// TB is what Start needs of a test.
type TB interface {
	Helper()
	Cleanup(cleanup func())
}

// Start listens on loopback until the test ends, and returns the URL.
func Start(tb TB, handler http.Handler) string {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return server.URL
}

// ServeHTTP answers one request. Errors are HTTP 200 too.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if s.Clock != nil {
		now = s.Clock()
	}
	call := &Call{
		Action:  r.Header.Get("X-TC-Action"),
		Region:  r.Header.Get("X-TC-Region"),
		Header:  r.Header,
		Arrived: now,
	}
	answer, refusal := s.performCall(call, r)
	fields := map[string]any{"RequestId": s.recordRequest(call, refusal)}
	if refusal != nil {
		fields["Error"] = refusal.render(r.Header.Get("X-TC-Language"))
	} else if err := mergeFields(fields, answer); err != nil {
		panic(err) // an answer that is no JSON object
	}
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"Response": fields}) // a client that is gone
}

func mergeFields(fields map[string]any, answer any) error {
	raw, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, &fields)
}

// render returns the error of an answer, in Chinese unless English is asked for or all there is.
func (r *Refusal) render(language string) map[string]string {
	message := r.ZH
	if language == "en-US" || message == "" {
		message = r.EN
	}
	return map[string]string{"Code": r.Code, "Message": message}
}

func (s *Service) recordRequest(c *Call, refusal *Refusal) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := Request{Action: c.Action, SecretID: SecretID(c.Header), Region: c.Region, Header: c.Header.Clone()}
	entry.Signed = entry.SecretID != ""
	if refusal != nil {
		entry.Code = refusal.Code
	}
	entry.Header.Del("Authorization")
	entry.Header.Del("X-TC-Token")
	s.requests = append(s.requests, entry)
	return fmt.Sprintf("%s-%08d-0000-4000-8000-000000000000", s.Name, len(s.requests))
}

func (s *Service) performCall(c *Call, r *http.Request) (any, *Refusal) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 10<<20))
	if err != nil {
		return nil, Invalid("the request has no body that can be read")
	}
	if refusal := s.checkHeader(c, r); refusal != nil {
		return nil, refusal
	}
	action := s.Actions[c.Action]
	if refusal := s.authenticate(c, action, r, body); refusal != nil {
		return nil, refusal
	}
	s.mu.Lock()
	failing := s.refusals[c.Action]
	s.mu.Unlock()
	if failing != nil {
		return nil, failing
	}
	if refusal := c.parseBody(action, body); refusal != nil {
		return nil, refusal
	}
	return action.Run(c)
}

// checkHeader checks what says which action of which version is called, and where.
func (s *Service) checkHeader(c *Call, r *http.Request) *Refusal {
	_, known := s.Actions[c.Action]
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/json":
		return Invalid("the request is no POST of JSON to the path /")
	case !known:
		return &Refusal{Code: "InvalidAction", EN: "The action `" + c.Action + "` is invalid or not found."}
	case r.Header.Get("X-TC-Version") != s.Version:
		return &Refusal{Code: "NoSuchVersion", EN: "The version does not exist."}
	case c.Region == "":
		return &Refusal{Code: CodeMissingParameter, EN: "The request is missing a required parameter `X-TC-Region`."}
	}
	return nil
}

// authenticate: an unsigned action says so with SKIP in place of a signature; whatever token comes
// along is ignored.
func (s *Service) authenticate(c *Call, action Action, r *http.Request, body []byte) *Refusal {
	if action.Unsigned {
		if r.Header.Get("Authorization") != "SKIP" {
			return &Refusal{Code: CodeInvalidAuthorization, EN: "The `Authorization` of this action must be SKIP."}
		}
		if _, err := strconv.ParseInt(r.Header.Get("X-TC-Timestamp"), 10, 64); err != nil {
			return Invalid("X-TC-Timestamp is no number of seconds")
		}
		return nil
	}
	signed := &SignedRequest{
		Service: s.Name,
		Method:  r.Method,
		Path:    r.URL.Path,
		Query:   r.URL.RawQuery,
		Host:    r.Host,
		Header:  r.Header,
		Body:    body,
		Arrived: c.Arrived,
	}
	if refusal := signed.Verify(s.Lookup); refusal != nil {
		return refusal
	}
	c.SecretID = SecretID(r.Header)
	return nil
}

// Invalid is the general refusal of a parameter.
func Invalid(why string) *Refusal {
	return &Refusal{Code: CodeInvalidParameter, EN: "The parameter is not valid: " + why + "."}
}
