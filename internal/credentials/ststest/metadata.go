package ststest

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const metadataPath = "/latest/meta-data/cam/security-credentials/"

// Metadata is the metadata service of a CVM with one role bound to it
// (https://cloud.tencent.com/document/product/213/4934).
type Metadata struct {
	STS     *Server
	Role    string // its name
	ARN     string
	Failing atomic.Bool // answers with a code that is not Success

	calls atomic.Int64
}

// Calls counts the sessions that were issued.
func (m *Metadata) Calls() int { return int(m.calls.Load()) }

// ServeHTTP lists the roles, or returns a session for one.
func (m *Metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, metadataPath)
	switch {
	case r.Method != http.MethodGet || !ok || name != "" && name != m.Role:
		http.NotFound(w, r)
	case name == "":
		_, _ = w.Write([]byte(m.Role))
	case m.Failing.Load():
		_, _ = w.Write([]byte(`{"Code": "InternalError"}`))
	default:
		m.calls.Add(1)
		credential := m.STS.IssueSession(m.ARN, "CVM", 6*time.Hour)
		_ = json.NewEncoder(w).Encode(map[string]any{ // a client that is gone
			"TmpSecretId":  credential.SecretID,
			"TmpSecretKey": credential.SecretKey,
			"Token":        credential.Token,
			"ExpiredTime":  credential.Expires.Unix(),
			"Expiration":   credential.Expires.UTC().Format(time.RFC3339),
			"Code":         "Success",
		})
	}
}
