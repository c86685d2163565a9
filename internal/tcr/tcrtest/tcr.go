// Package tcrtest is a stand-in for the one action of Tencent Container Registry (service tcr,
// version 2019-09-24) that is used here. It is written from the published API page
// (https://www.tencentcloud.com/document/product/1051/45154).
package tcrtest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// CreateInstanceToken is the name of the action.
const CreateInstanceToken = "CreateInstanceToken"

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

// IssuedToken is a token that was issued.
type IssuedToken struct{ Registry, Type, Description string }

// Server is the service.
type Server struct {
	apitest.Service
	opts Options

	mu     sync.Mutex
	issued []IssuedToken
}

// New makes a server that does not listen; see [apitest.Start].
func New(opts Options) *Server {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	s := &Server{opts: opts}
	s.Service = apitest.Service{
		Name:    "tcr",
		Version: "2019-09-24",
		Clock:   opts.Clock,
		Lookup:  opts.Lookup,
		Actions: map[string]apitest.Action{
			CreateInstanceToken: {Strings: []string{"RegistryId!", "TokenType", "Desc"}, Run: s.createToken},
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
	s.issued = append(s.issued, IssuedToken{c.Text("RegistryId"), kind, c.Text("Desc")})
	answer := map[string]any{
		"Username": account.Username,
		"Token":    account.Token,
		"ExpTime":  c.Arrived.Add(time.Hour).Unix(),
		"TokenId":  nil,
	}
	if s.opts.Bare {
		answer["Username"], answer["ExpTime"] = bareNumber(account.Username), c.Arrived.Add(time.Hour).UnixMilli()
	}
	if kind == "longterm" {
		answer["ExpTime"], answer["TokenId"] = 0, fmt.Sprintf("token%04d", len(s.issued))
	}
	return answer, nil
}

// bareNumber is JSON without quotes.
type bareNumber string

// MarshalJSON writes the digits.
func (n bareNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }
