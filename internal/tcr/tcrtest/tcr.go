// Package tcrtest is a stand-in for the two actions of Tencent Container Registry (service tcr,
// version 2019-09-24) that are used here. It is written from the published API page
// (https://www.tencentcloud.com/document/product/1051/45154) and the models of the official client
// for Node, never from the client that is tested with it.
package tcrtest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// The names of the actions.
const (
	CreateInstanceToken = "CreateInstanceToken"
	DeleteInstanceToken = "DeleteInstanceToken"
)

// Lifetimes of tokens: an hour, and what the published example of a long-term token has.
const (
	temporaryLifetime = time.Hour
	longTermLifetime  = 3650 * 24 * time.Hour
)

// Options are what the service knows.
type Options struct {
	// Lookup returns the credential of a secret id.
	Lookup func(secretID string) (apitest.Credential, bool)
	// Instances are the ids of registries, each with what its tokens are. Tokens of a real registry
	// cannot be made here, so that all are the same.
	Instances map[string]Account
	// Clock is the service's time. Default: time.Now.
	Clock func() time.Time
	// Bare makes the answer as the published example has it: the user name is a bare number, and
	// times are in milliseconds.
	Bare bool
}

// Account is a user name and a password.
type Account struct{ Username, Token string }

// IssuedToken is a token that was issued. A long-term one has an id.
type IssuedToken struct{ Registry, Type, Description, ID string }

// Server is the service.
type Server struct {
	apitest.Service
	opts Options

	mu      sync.Mutex
	issued  []IssuedToken
	deleted map[string]bool // ids
}

// New makes a server that does not listen; see [apitest.Start].
func New(opts Options) *Server {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	s := &Server{opts: opts, deleted: map[string]bool{}}
	s.Service = apitest.Service{
		Name:    "tcr",
		Version: "2019-09-24",
		Clock:   opts.Clock,
		Lookup:  opts.Lookup,
		Actions: map[string]apitest.Action{
			CreateInstanceToken: {Strings: []string{"RegistryId!", "TokenType", "Desc"}, Run: s.createToken},
			DeleteInstanceToken: {Strings: []string{"RegistryId!", "TokenId!"}, Run: s.deleteToken},
		},
	}
	return s
}

// Issued are the tokens that were issued, in order.
func (s *Server) Issued() []IssuedToken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.issued)
}

// Left are the long-term tokens that were issued and not deleted, in order.
func (s *Server) Left() []IssuedToken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.issued), func(token IssuedToken) bool {
		return token.ID == "" || s.deleted[token.ID]
	})
}

// Put adds a long-term token that another caller made.
func (s *Server) Put(token IssuedToken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued = append(s.issued, token)
}

func (s *Server) createToken(c *apitest.Call) (any, *apitest.Refusal) {
	account, known := s.opts.Instances[c.Text("RegistryId")]
	if !known {
		return nil, &apitest.Refusal{Code: "ResourceNotFound", EN: "The registry instance does not exist."}
	}
	kind := c.Text("TokenType")
	if kind != "" && kind != "temp" && kind != "longterm" {
		return nil, apitest.Invalid("TokenType")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := IssuedToken{Registry: c.Text("RegistryId"), Type: kind, Description: c.Text("Desc")}
	expires := c.Arrived.Add(temporaryLifetime)
	answer := map[string]any{"Username": account.Username, "Token": account.Token, "TokenId": ""}
	if kind == "longterm" {
		expires = c.Arrived.Add(longTermLifetime)
		token.ID = fmt.Sprintf("ctrm3g86h7cp1kb7%04d", len(s.issued))
		answer["TokenId"] = token.ID
	}
	answer["ExpTime"] = expires.Unix()
	if s.opts.Bare {
		answer["Username"], answer["ExpTime"] = bareNumber(account.Username), expires.UnixMilli()
	}
	s.issued = append(s.issued, token)
	return answer, nil
}

func (s *Server) deleteToken(c *apitest.Call) (any, *apitest.Refusal) {
	if _, known := s.opts.Instances[c.Text("RegistryId")]; !known {
		return nil, &apitest.Refusal{Code: "ResourceNotFound", EN: "The registry instance does not exist."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := c.Text("TokenId")
	there := slices.ContainsFunc(s.issued, func(token IssuedToken) bool {
		return token.ID == id && token.Registry == c.Text("RegistryId")
	})
	if !there || s.deleted[id] {
		return nil, &apitest.Refusal{Code: "ResourceNotFound", EN: "The token does not exist."}
	}
	s.deleted[id] = true
	return map[string]any{}, nil
}

// bareNumber is JSON without quotes.
type bareNumber string

// MarshalJSON writes the digits.
func (n bareNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }
