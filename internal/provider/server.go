package provider

import (
	"context"
	"log"
	"os"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

// Address is the provider's in the public registry.
const Address = "registry.terraform.io/tkeimage/tkeimage"

// Serve answers one CLI until it hangs up; under a debugger it prints how to attach the CLI.
func Serve(options Options, debug bool) error {
	if options.Secrets == nil {
		options.Secrets = new(redact.Secrets)
	}
	// net/http quotes in the standard log what servers send unasked. It is among the lines that
	// Terraform logs.
	log.SetOutput(options.Secrets.Writer(os.Stderr))
	newServer := NewServer(options)
	if debug {
		return tf6server.Serve(Address, newServer, tf6server.WithManagedDebug())
	}
	go exitWithParent()
	return tf6server.Serve(Address, func() tfprotov6.ProviderServer {
		server := newServer()
		go stopOnTerminate(server)
		return server
	})
}

// NewServer makes a factory of protocol servers. It fails nowhere that a user could reach: the
// framework's conversion cannot.
func NewServer(options Options) func() tfprotov6.ProviderServer {
	newProvider := New(options)
	newFramework := providerserver.NewProtocol6(newProvider())
	types := sync.OnceValue(func() attributeTypes { return newAttributeTypes(&Provider{options: options}) })
	return func() tfprotov6.ProviderServer {
		framework := newFramework()
		if whole, ok := framework.(frameworkServer); ok {
			return &server{whole, types}
		}
		return framework
	}
}

// frameworkServer is all that the framework serves. The protocol's library finds what is not yet in
// its ProviderServer by asking a server for these interfaces, so a wrapper must have them too.
type frameworkServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// server is the framework's, but for what the framework does not take, or not in words for users:
// nulls in arguments of functions, and fractions.
type server struct {
	frameworkServer

	types func() attributeTypes // made when a configuration is validated
}

// msgpackNil is null in MessagePack (format specification, "nil format").
var msgpackNil = []byte{0xc0}

// CallFunction fills in the nulls that OpenTofu (seen in 1.12) leaves out: it sends an argument
// that is null as a value without data, where Terraform sends an encoded null, and the framework
// takes only the second.
func (s *server) CallFunction(
	ctx context.Context, req *tfprotov6.CallFunctionRequest,
) (*tfprotov6.CallFunctionResponse, error) {
	for i, argument := range req.Arguments {
		if argument == nil || len(argument.MsgPack) == 0 && len(argument.JSON) == 0 {
			req.Arguments[i] = &tfprotov6.DynamicValue{MsgPack: msgpackNil}
		}
	}
	return s.frameworkServer.CallFunction(ctx, req)
}
