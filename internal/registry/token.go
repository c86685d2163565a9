package registry

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const (
	maxTokenBody = 64 << 10
	// A token without expires_in is good for a minute
	// (https://distribution.github.io/distribution/spec/auth/token/#token-response-fields).
	defaultTokenLife = time.Minute
)

// exchange gets a bearer token from the realm of a challenge: with an identity token by the OAuth2 form of the protocol
// (https://distribution.github.io/distribution/spec/auth/oauth/), else by GET, with a password or anonymously.
func (s *session) exchange(ctx context.Context, c challenge, creds credentials) (*grant, error) {
	realm, err := s.realm(c)
	if err != nil {
		return nil, err
	}
	var data []byte
	if creds.IdentityToken != "" {
		data, err = s.postForToken(ctx, realm, c, creds)
		if isNotOffered(err) && creds.basic() != "" {
			data, err = s.getToken(ctx, realm, c, creds)
		}
	} else {
		data, err = s.getToken(ctx, realm, c, creds)
	}
	if err != nil {
		return nil, failure.Complete(err, "", "getting a token", realm.Host)
	}
	granted, err := parseToken(data, time.Now())
	if err != nil {
		return nil, &failure.Error{Host: realm.Host, Kind: failure.Protocol, Action: "getting a token", Err: err}
	}
	s.client.secrets.Add(bareToken(granted.header))
	granted.renewal = c
	return granted, nil
}

// realm is where credentials are about to go: see the rules in the package's documentation.
func (s *session) realm(c challenge) (*url.URL, error) {
	realm, err := url.Parse(c.params["realm"])
	if err != nil || c.params["realm"] == "" || realm.User != nil {
		return nil, &failure.Error{Host: s.registry.host, Kind: failure.Protocol, Action: "getting a token", Err: errors.New("its challenge names no valid realm")}
	}
	realm.Fragment = ""
	return realm, failure.Complete(s.client.mayGo(s.registry, realm), "", "getting a token", realm.Host)
}

// scopes are what the challenge asks for, or else to pull this repository.
func (s *session) scopes(c challenge) []string {
	if scopes := strings.Fields(c.params["scope"]); len(scopes) > 0 {
		return scopes
	}
	return []string{s.repo.Scope("pull")}
}

func (s *session) getToken(ctx context.Context, realm *url.URL, c challenge, creds credentials) ([]byte, error) {
	query := realm.Query()
	for _, scope := range s.scopes(c) {
		query.Add("scope", scope)
	}
	if service := c.params["service"]; service != "" {
		query.Set("service", service)
	}
	u := *realm
	u.RawQuery = query.Encode()
	header := http.Header{}
	if basic := creds.basic(); basic != "" {
		header.Set("Authorization", basic)
	}
	return s.tokenAnswer(ctx, request{method: http.MethodGet, url: &u, header: header})
}

func (s *session) postForToken(ctx context.Context, realm *url.URL, c challenge, creds credentials) ([]byte, error) {
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {creds.IdentityToken},
		"client_id":     {s.client.userAgent},
		"scope":         {strings.Join(s.scopes(c), " ")},
	}
	if service := c.params["service"]; service != "" {
		form.Set("service", service)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	return s.tokenAnswer(ctx, request{method: http.MethodPost, url: realm, header: header, body: form.Encode()})
}

// tokenAnswer sends credentials to the realm and nowhere else: its redirects are not followed.
func (s *session) tokenAnswer(ctx context.Context, req request) ([]byte, error) {
	host := req.url.Host
	return s.client.wholeBody(ctx, host, maxTokenBody, func(ctx context.Context) (*http.Response, error) {
		resp, err := s.send(ctx, req)
		switch {
		case err != nil:
			return nil, err
		case resp.StatusCode >= 300 && resp.StatusCode < 400:
			resp.Body.Close()
			return nil, &failure.Error{Host: host, Kind: failure.Refused, StatusCode: resp.StatusCode, Err: errors.New("a token service that redirects")}
		case resp.StatusCode != http.StatusOK:
			return nil, statusError(resp, host, s.auth)
		}
		return resp, nil
	})
}

// isNotOffered is true when a token service knows only GET.
func isNotOffered(err error) bool {
	var e *failure.Error
	return errors.As(err, &e) && (e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusMethodNotAllowed)
}

var errNoToken = errors.New("the token service sent no token")

// parseToken reads a token response. A tenth of its life is left aside for clocks and for requests on their way.
func parseToken(data []byte, now time.Time) (*grant, error) {
	var token struct {
		Token       string          `json:"token"`
		AccessToken string          `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(data, &token); err != nil {
		return nil, errNoToken // not the parser's words: they could quote the token
	}
	text := orDefault(token.Token, token.AccessToken)
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errNoToken
	}
	life := tokenLife(string(token.ExpiresIn))
	return &grant{header: "Bearer " + text, expires: now.Add(life - life/10)}, nil
}

func tokenLife(seconds string) time.Duration {
	const longest = 24 * time.Hour
	n, err := strconv.ParseFloat(strings.Trim(seconds, `"`), 64)
	switch {
	case err != nil || !(n > 0):
		return defaultTokenLife
	case n > longest.Seconds():
		return longest
	}
	return time.Duration(n * float64(time.Second))
}

func bareToken(header string) string {
	_, token, _ := strings.Cut(header, " ")
	return token
}
