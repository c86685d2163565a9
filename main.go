// Command terraform-provider-tkeimage serves the Terraform provider tkeimage.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
)

// version and commit are set by the release build.
var (
	version = "dev"
	commit  = "none"
)

func main() {
	debug := flag.Bool("debug", false, "serve under a debugger, and print how to attach Terraform")
	tell := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *tell {
		fmt.Printf("terraform-provider-tkeimage %s (%s)\n", version, commit)
		return
	}
	err := providerserver.Serve(context.Background(), provider.New(provider.Options{Version: version}), providerserver.ServeOpts{
		Address:         "registry.terraform.io/tkeimage/tkeimage",
		Debug:           *debug,
		ProtocolVersion: 6,
	})
	if err != nil {
		log.Fatal(err)
	}
}
