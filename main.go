// Command terraform-provider-tkeimage serves the Terraform provider tkeimage.
package main

import (
	"flag"
	"fmt"
	"log"

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
	if err := provider.Serve(provider.Options{Version: version}, *debug); err != nil {
		log.Fatal(err)
	}
}
