package transport

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const (
	maxTokenBody = 64 << 10
	// A token without expires_in is valid for a minute
	// (https://distribution.github.io/distribution/spec/auth/token/#token-response-fields).
	defaultTokenLife = time.Minute

	gettingToken = "getting a token" // the action of an error
)

// fetchToken gets a bearer token from the realm of a challenge: with an identity token by the
// OAuth2 form of the protocol (https://distribution.github.io/distribution/spec/auth/oauth/), else
// by GET, with a password or anonymously.
func (l *authLink) fetchToken(
	ctx context.Context, req Request, asked challenge, creds credentials,
) (*authorization, error) {
	realm, err := l.checkRealm(req, asked)
	if err != nil {
		return nil, err
	}
	var data []byte
	if creds.config.IdentityToken != "" {
		data, err = l.requestToken(ctx, req, l.tokenByPost(realm, asked, creds))
	}
	if creds.config.IdentityToken == "" || isNotOffered(err) && creds.basicHeader() != "" {
		data, err = l.requestToken(ctx, req, l.tokenByGet(realm, asked, creds))
	}
	if err != nil {
		return nil, failure.Complete(err, "", gettingToken, realm.Host)
	}
	fresh, err := parseToken(data, time.Now())
	if err != nil {
		return nil, &failure.Error{Host: realm.Host, Kind: failure.Protocol, Action: gettingToken, Err: err}
	}
	l.secrets.Add(strings.TrimPrefix(fresh.header, "Bearer "))
	return fresh, nil
}

// checkRealm returns where credentials are about to go: see the rules in the package's
// documentation.
func (l *authLink) checkRealm(req Request, asked challenge) (*url.URL, error) {
	realm, err := url.Parse(asked.params["realm"])
	if err != nil || asked.params["realm"] == "" || realm.User != nil {
		return nil, &failure.Error{
			Host: req.origin.Host, Kind: failure.Protocol, Action: gettingToken,
			Err: errors.New("its challenge names no valid realm"),
		}
	}
	realm.Fragment = ""
	if err := l.destinations.check(realm, req.origin); err != nil {
		return nil, failure.Complete(err, "", gettingToken, realm.Host)
	}
	return realm, nil
}

// listScopes returns what the challenge asks for, or else to pull the repository.
func (l *authLink) listScopes(asked challenge) []string {
	if scopes := strings.Fields(asked.params["scope"]); len(scopes) > 0 {
		return scopes
	}
	return []string{l.scope}
}

func (l *authLink) tokenByGet(realm *url.URL, asked challenge, creds credentials) Request {
	query := realm.Query()
	for _, scope := range l.listScopes(asked) {
		query.Add("scope", scope)
	}
	if service := asked.params["service"]; service != "" {
		query.Set("service", service)
	}
	u := *realm
	u.RawQuery = query.Encode()
	req := Request{Method: http.MethodGet, url: &u}
	if basic := creds.basicHeader(); basic != "" {
		req = req.withHeader("Authorization", basic)
	}
	return req
}

func (l *authLink) tokenByPost(realm *url.URL, asked challenge, creds credentials) Request {
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {creds.config.IdentityToken},
		"client_id":     {l.clientID},
		"scope":         {strings.Join(l.listScopes(asked), " ")},
	}
	if service := asked.params["service"]; service != "" {
		form.Set("service", service)
	}
	req := Request{Method: http.MethodPost, url: realm, Body: form.Encode()}
	return req.withHeader("Content-Type", "application/x-www-form-urlencoded")
}

// newTokenLink follows redirects of a token service within its host, since credentials go along.
func newTokenLink(next link) link { return &redirectLink{next: next, check: checkTokenRedirect} }

// checkTokenRedirect allows a redirect to the same origin, and one from plain HTTP to https.
func checkTokenRedirect(req Request, to *url.URL) error {
	from := req.url
	isUpgrade := from.Scheme == "http" && to.Scheme == "https" && from.Port() == "" && to.Port() == "" &&
		strings.EqualFold(from.Hostname(), to.Hostname())
	if isUpgrade || isSameOrigin(from, to) {
		return nil
	}
	e := failure.New(failure.Refused, "a token service that redirects to another host")
	e.Host = from.Host
	return e
}

// requestToken sends credentials to the realm and to no other host. It counts as a cost of the
// request that needs the token.
func (l *authLink) requestToken(ctx context.Context, forWhat, req Request) ([]byte, error) {
	req.MaxBytes, req.Once, req.Cost = maxTokenBody, forWhat.Once, forWhat.Cost
	resp, err := l.tokens.roundTrip(ctx, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, l.tokenError(resp)
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// tokenError returns the failure of a token service, which was sent credentials if they are the
// registry's.
func (l *authLink) tokenError(resp *http.Response) error {
	if l.isForeign {
		return statusError(resp, nil)
	}
	return statusError(resp, l)
}

// isNotOffered is true when a token service knows only GET.
func isNotOffered(err error) bool {
	e, ok := errors.AsType[*failure.Error](err)
	return ok && (e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusMethodNotAllowed)
}

var errNoToken = errors.New("the token service sent no token")

// parseToken reads a token response. A tenth of its life is left aside for clocks and for requests
// on their way.
func parseToken(data []byte, now time.Time) (*authorization, error) {
	var token struct {
		Token       string          `json:"token"`
		AccessToken string          `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(data, &token); err != nil {
		return nil, errNoToken // the parser's text could quote the token
	}
	text := cmp.Or(token.Token, token.AccessToken)
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errNoToken
	}
	life := tokenLife(string(token.ExpiresIn))
	return &authorization{header: "Bearer " + text, expires: now.Add(life - life/10)}, nil
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
