package transport

import (
	"fmt"
	"net/http"
	"strings"
)

// challenge is one of those that a 401 lists (RFC 9110, section 11.6.1).
type challenge struct {
	scheme string // lower-case
	params map[string]string
}

// chooseChallenge picks a scheme that we can answer, bearer before basic; the zero challenge is
// none. Where there are several token services to choose from, credentials go to none of them:
// which one the registry's operator meant cannot be known, and a proxy may have added the other.
func chooseChallenge(header http.Header) (challenge, error) {
	var basic, bearer challenge
	for _, line := range header.Values("WWW-Authenticate") {
		for _, c := range parseChallenges(line) {
			switch {
			case c.scheme == "basic":
				basic = c
			case c.scheme != "bearer":
			case bearer.scheme == "":
				bearer = c
			case bearer.params["realm"] != c.params["realm"]:
				return challenge{}, fmt.Errorf("it names two token services, %s and %s, and credentials go to neither",
					bearer.params["realm"], c.params["realm"])
			}
		}
	}
	if bearer.scheme != "" {
		return bearer, nil
	}
	return basic, nil
}

// parseChallenges reads the list of challenges on one line. It is lenient: whatever does not parse
// ends it.
func parseChallenges(line string) []challenge {
	var list []challenge
	s := scanner(line)
	for {
		s.skipAny(" \t,")
		word := s.readToken()
		if word == "" {
			return list
		}
		if s.skipAny(" \t"); !s.skipOne('=') {
			list = append(list, challenge{scheme: strings.ToLower(word), params: map[string]string{}})
			continue
		}
		s.skipAny(" \t")
		value, ok := s.readValue()
		if !ok || len(list) == 0 {
			return list
		}
		list[len(list)-1].params[strings.ToLower(word)] = value
	}
}

// scanner is the rest of a header line.
type scanner string

func (s *scanner) skipAny(set string) { *s = scanner(strings.TrimLeft(string(*s), set)) }

func (s *scanner) skipOne(c byte) bool {
	if len(*s) == 0 || (*s)[0] != c {
		return false
	}
	*s = (*s)[1:]
	return true
}

// readToken reads a token (RFC 9110, section 5.6.2).
func (s *scanner) readToken() string {
	end := 0
	for end < len(*s) && isTokenChar((*s)[end]) {
		end++
	}
	word := string((*s)[:end])
	*s = (*s)[end:]
	return word
}

func isTokenChar(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, rune(c))
}

// readValue reads a token or a quoted string (RFC 9110, section 5.6.4).
func (s *scanner) readValue() (string, bool) {
	if !s.skipOne('"') {
		word := s.readToken()
		return word, word != ""
	}
	var b strings.Builder
	for i := 0; i < len(*s); i++ {
		switch c := (*s)[i]; {
		case c == '"':
			*s = (*s)[i+1:]
			return b.String(), true
		case c == '\\' && i+1 < len(*s):
			i++
			b.WriteByte((*s)[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
