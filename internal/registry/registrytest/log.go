package registrytest

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/subprocess"
)

// A logWriter takes the registry's log, a JSON object per line, and hands on the address that it
// names.
type logWriter struct {
	address chan string // gets the listener's address, once

	tail subprocess.Tail // for failures

	mu   sync.Mutex
	line []byte // the line that is not yet ended
}

func newLogWriter() *logWriter { return &logWriter{address: make(chan string, 1)} }

// Write keeps the tail and looks at each whole line.
func (w *logWriter) Write(p []byte) (int, error) {
	_, _ = w.tail.Write(p) // it only remembers
	w.mu.Lock()
	defer w.mu.Unlock()

	w.line = append(w.line, p...)
	for {
		line, rest, ended := bytes.Cut(w.line, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		if address := listeningOn(line); address != "" {
			select {
			case w.address <- address:
			default:
			}
		}
		w.line = rest
	}
}

// listeningOn returns the address of a line like {"msg":"listening on 127.0.0.1:5000, tls"},
// nothing for any other.
func listeningOn(line []byte) string {
	var entry struct {
		Message string `json:"msg"`
	}
	if json.Unmarshal(line, &entry) != nil {
		return ""
	}
	address, ok := strings.CutPrefix(entry.Message, "listening on ")
	if !ok {
		return ""
	}

	return strings.TrimSuffix(address, ", tls")
}
