// Package redact makes text that came from outside fit to be shown and stored: without any secret
// that this process holds, without characters that a terminal obeys or hides, and not longer than
// is useful.
//
// Each package that speaks to the outside (cloudapi, credentials, registry) passes what it received
// through here once, at the place where the text leaves that package. The rules are these:
//
//   - A secret is found in every usual spelling (see spellings and unescape): plain, percent and
//     form encoding, escapes of JSON, Go and HTML, Base64 at any offset, hexadecimal; in any letter
//     case, and with blanks or invisible characters within it.
//   - Of a long secret any twelve characters in a row are found: peers quote tokens in part. At the
//     ends of a text, where something may have cut it, five are enough.
//   - A secret of fewer than eight characters cannot be cut out, since the gaps would spell it. A
//     text that holds one is withheld as a whole. Values that have a grammar (names, digests) are
//     not searched for it: they would hold it by chance.
//   - Redaction comes before any shortening, so that no part of a secret is left at a cut.
package redact

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	// Mark stands where a secret was.
	Mark = "[redacted]"
	// Withheld stands for a text that holds a secret too short to be cut out.
	Withheld = "[withheld: it holds a secret]"

	// MaxRunes bounds a text whose place suggests no bound of its own.
	MaxRunes = 2000
	// maxSearchedBytes bounds what is looked at of one text. The rest is not shown.
	maxSearchedBytes = 64 << 10
	// chunk and overlap divide what is only searched.
	chunk, overlap = 256 << 10, 4 << 10
)

// Secrets is what this process must not show. The zero value holds none, and so does nil. It is
// safe for concurrent use.
type Secrets struct {
	mu      sync.RWMutex
	held    map[string]bool
	secrets []*secret
	public  map[string]bool
}

// Add notes secrets; those that are empty, or known already, change nothing.
func (s *Secrets) Add(values ...string) {
	if s == nil {
		return
	}
	for _, value := range values {
		s.mu.RLock()
		known := value == "" || s.held[value]
		s.mu.RUnlock()
		if known {
			continue
		}
		added := newSecret(value)
		s.mu.Lock()
		if s.held == nil {
			s.held = map[string]bool{}
		}
		if !s.held[value] {
			s.held[value] = true
			s.secrets = append(s.secrets, added)
		}
		s.mu.Unlock()
	}
}

// AddPublic notes values that the configuration shows openly, such as the name of a cache. Value
// returns them as they are, even where a weak secret is a part of them.
func (s *Secrets) AddPublic(values ...string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.public == nil {
		s.public = map[string]bool{}
	}
	for _, value := range values {
		s.public[value] = true
	}
}

// snapshot returns the secrets of this moment. The slice only grows, so it may be read without the
// lock.
func (s *Secrets) snapshot() []*secret {
	if s == nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clip(s.secrets)
}

// Text returns a foreign text on one line of at most maxRunes characters, without secrets.
func (s *Secrets) Text(foreign string, maxRunes int) string {
	text := foreign[:min(len(foreign), maxSearchedBytes)]
	secrets := s.snapshot()
	if holdsShort(text, secrets) {
		return Withheld
	}
	text = replaceSpans(text, findSecrets(text, secrets, true))
	text = withoutQueries(text)
	if len(foreign) > maxSearchedBytes {
		text += " …"
	}
	return truncateText(strings.Join(strings.Fields(escapeHidden(text)), " "), maxRunes)
}

// Line returns a text as Text does where no secret is known.
func Line(text string, maxRunes int) string { return (*Secrets)(nil).Text(text, maxRunes) }

// Value returns a foreign value that has a meaning, such as a name, without secrets and with every
// control character made visible. What needs none of that is returned as it is.
func (s *Secrets) Value(foreign string) string {
	if s != nil {
		s.mu.RLock()
		public := s.public[foreign]
		s.mu.RUnlock()
		if public {
			return foreign
		}
	}
	value := foreign[:min(len(foreign), maxSearchedBytes)]
	return truncateText(escapeHidden(replaceSpans(value, findSecrets(value, s.snapshot(), false))), MaxRunes)
}

// Holds reports whether data hold a secret of eight characters or more, in any spelling.
func (s *Secrets) Holds(data []byte) bool {
	secrets := s.snapshot()
	if len(secrets) == 0 {
		return false
	}
	for {
		if len(findSecrets(string(data[:min(len(data), chunk)]), secrets, false)) > 0 {
			return true
		}
		if len(data) <= chunk {
			return false
		}
		data = data[chunk-overlap:]
	}
}

// Error returns an error whose text is that of err, as Text returns it: err itself where that
// changes nothing. errors.Is and errors.As find what they found before, but errors.Unwrap does not
// lead to the text as it was.
func (s *Secrets) Error(err error, maxRunes int) error {
	if err == nil {
		return nil
	}
	text := s.Text(err.Error(), maxRunes)
	if text == err.Error() {
		return err
	}
	return &cleanError{text: text, cause: err}
}

type cleanError struct {
	text  string
	cause error
}

func (e *cleanError) Error() string        { return e.text }
func (e *cleanError) GoString() string     { return strconv.Quote(e.text) }
func (e *cleanError) Is(target error) bool { return errors.Is(e.cause, target) }
func (e *cleanError) As(target any) bool   { return errors.As(e.cause, target) }

// Writer returns a writer of log lines: each Write is one line, and is written as Text returns it.
func (s *Secrets) Writer(to io.Writer) io.Writer { return &lineWriter{secrets: s, to: to} }

type lineWriter struct {
	secrets *Secrets
	to      io.Writer
}

func (w *lineWriter) Write(line []byte) (int, error) {
	if _, err := io.WriteString(w.to, w.secrets.Text(string(line), MaxRunes)+"\n"); err != nil {
		return 0, err
	}
	return len(line), nil
}
