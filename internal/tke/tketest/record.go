package tketest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// Request is one request that reached the server, whatever became of it.
type Request struct {
	ID       string // the RequestId of its answer
	At       time.Time
	Action   string
	Version  string
	Region   string
	Language string
	SecretID string
	Header   http.Header    // without Authorization and X-TC-Token
	Body     map[string]any // nil if it is not a JSON object

	Done   bool   // false while it is being answered
	Acted  bool   // the service did what was asked, even if the answer was lost
	Status int    // of HTTP; 0 if the connection was reset
	Code   string // of the error that was answered; empty if none was
	Faults []Effect

	raw []byte
}

// Decode reads the body into a struct or a map.
func (r Request) Decode(into any) error { return json.Unmarshal(r.raw, into) }

// Requests returns all that came since the start or the last reset, in the order of their arrival.
func (s *Server) Requests() []Request { return s.log.copyAll() }

// Calls counts the requests for an action, those in flight and those that failed too.
func (s *Server) Calls(action string) int {
	return s.log.countIf(func(r Request) bool { return r.Action == action })
}

// Acted counts the requests for an action that took effect.
func (s *Server) Acted(action string) int {
	return s.log.countIf(func(r Request) bool { return r.Action == action && r.Acted })
}

// ResetRequests forgets the requests, so that a test counts from here. Caches and faults stay.
func (s *Server) ResetRequests() { s.log.reset() }

// requestLog keeps the requests.
type requestLog struct {
	mu      sync.Mutex
	entries []*Request
}

func (l *requestLog) addEntry(c *call, now time.Time) *Request {
	entry := &Request{
		ID: c.id, At: now, Action: c.action, Version: c.version, Region: c.region, Language: c.language,
		SecretID: apitest.SecretID(c.header), Header: c.header.Clone(), raw: c.body,
	}
	entry.Header.Del("Authorization")
	entry.Header.Del("X-TC-Token")
	_ = json.Unmarshal(c.body, &entry.Body) // stays nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, entry)
	return entry
}

func (l *requestLog) completeEntry(entry *Request, answer reply, faults []Effect) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Done = true
	entry.Acted = answer.acted
	entry.Status = answer.status
	entry.Code = answer.code
	entry.Faults = faults
}

func (l *requestLog) copyEntry(entry *Request) Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *entry
}

func (l *requestLog) copyAll() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Request, 0, len(l.entries))
	for _, entry := range l.entries {
		out = append(out, *entry)
	}
	return out
}

func (l *requestLog) countIf(counts func(Request) bool) int {
	return len(slices.DeleteFunc(l.copyAll(), func(r Request) bool { return !counts(r) }))
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// String returns the request in a line for a test's failure, without its body, which can hold
// passwords.
func (r Request) String() string {
	line := []string{r.Action}
	if r.Code != "" {
		line = append(line, r.Code)
	}
	if !r.Acted {
		line = append(line, "without effect")
	}
	return strings.Join(line, ", ")
}
