// Package tcr is a typed client of the two actions of Tencent Container Registry (service tcr,
// version 2019-09-24) that are used here: CreateInstanceToken, which returns a user name and a
// password for an instance of the Enterprise edition, and DeleteInstanceToken.
//
// Source: https://www.tencentcloud.com/document/product/1051/45154 and the models of the official
// client for Node.
package tcr

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

const (
	service = "tcr"
	version = "2019-09-24"

	// Names of the actions, as the API and CAM policies (tcr:<Action>) spell them.
	ActionCreateToken = "CreateInstanceToken"
	ActionDeleteToken = "DeleteInstanceToken"
)

// The types of a token.
const (
	Temporary = "temp"     // valid for an hour
	LongTerm  = "longterm" // valid for about ten years, or until it is deleted
)

// Client calls the service. It makes no request until it is asked for one.
type Client struct {
	api     *cloudapi.Client
	secrets *redact.Secrets
}

// New makes a client; the configuration needs no service and no version. It fails only on an
// endpoint that is not a URL.
func New(config cloudapi.Config) (*Client, error) {
	config.Service, config.Version = service, version
	api, err := cloudapi.New(config)
	return &Client{api, config.Secrets}, err
}

// TokenRequest is the input of CreateInstanceToken.
type TokenRequest struct {
	RegistryID  string `json:"RegistryId"` // of the instance, tcr-…
	TokenType   string `json:",omitempty"` // Temporary or LongTerm
	Description string `json:"Desc,omitempty"`
}

// Token is a user name and a password for one instance.
type Token struct {
	Username string
	Token    string
	Expires  time.Time // zero when the service returns none
	ID       string    // of a long-term token: what it can be deleted by
}

// tokenAnswer is the answer of CreateInstanceToken.
type tokenAnswer struct {
	Username userName
	Token    string
	ExpTime  int64
	TokenID  string `json:"TokenId"`
}

// Secrets returns the password.
func (a tokenAnswer) Secrets() []string { return []string{a.Token} }

// CreateToken creates a token. A long-term one stays until it is deleted, and the service takes no
// client token: the request is sent again only when the service certainly did not act, unless the
// token is temporary and expires.
func (c *Client) CreateToken(ctx context.Context, request TokenRequest) (*Token, error) {
	action := cloudapi.Action{Name: ActionCreateToken, Repeatable: request.TokenType != LongTerm}
	out, err := cloudapi.Call[tokenAnswer](ctx, c.api, action, request)
	if err != nil {
		return nil, err
	}
	if out.Token == "" || out.Username == "" {
		return nil, &cloudapi.Error{
			Service: service,
			Action:  ActionCreateToken,
			Kind:    cloudapi.KindMalformed,
			Message: "the answer holds no user name and token",
		}
	}
	return &Token{
		Username: string(out.Username),
		Token:    out.Token,
		Expires:  parseTimestamp(out.ExpTime),
		ID:       c.secrets.Value(out.TokenID),
	}, nil
}

// tokenDeletion is the input of DeleteInstanceToken.
type tokenDeletion struct {
	RegistryID string `json:"RegistryId"`
	TokenID    string `json:"TokenId"`
}

// DeleteToken deletes a long-term token. A token that does not exist is deleted already: the
// request may have been sent twice.
func (c *Client) DeleteToken(ctx context.Context, registryID, tokenID string) error {
	action := cloudapi.Action{Name: ActionDeleteToken, Repeatable: true}
	_, err := cloudapi.Call[struct{}](ctx, c.api, action, tokenDeletion{registryID, tokenID})
	if IsNotFound(err) {
		return nil
	}
	return err
}

// IsNotFound reports whether the service answered that the instance, or a token, does not exist.
func IsNotFound(err error) bool {
	failed, ok := errors.AsType[*cloudapi.Error](err)
	return ok && failed.HasCode("ResourceNotFound")
}

// userName is declared a string, but the published example shows the bare number that it mostly is.
type userName string

func (u *userName) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil { // null too, which leaves it empty
		*u = userName(text)
		return nil
	}
	var number json.Number
	if json.Unmarshal(data, &number) != nil {
		return errors.New("the user name is neither a string nor a number")
	}
	*u = userName(number)
	return nil
}

// parseTimestamp reads a time stamp "without unit", as its description says: what would be beyond
// the year 5000 in seconds is meant in milliseconds.
func parseTimestamp(stamp int64) time.Time {
	const year5000 = 95_617_584_000
	switch {
	case stamp <= 0:
		return time.Time{}
	case stamp < year5000:
		return time.Unix(stamp, 0).UTC()
	}
	return time.UnixMilli(stamp).UTC()
}
