// Command quickprovider is the provider as it is shipped, but for its waits, which are so short
// that a campaign of hundreds of runs takes minutes: half a minute for one try becomes a second,
// and everything else in proportion.
package main

import (
	"log"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

func main() {
	err := provider.Serve(provider.Options{
		Version:      "campaign",
		PollInterval: 100 * time.Millisecond,
		RetryWait:    5 * time.Millisecond,
		TryTimeout:   time.Second,
		Registry: transport.Limits{
			HeaderTimeout: 2 * time.Second, IdleTimeout: 500 * time.Millisecond, MinBytesPerSecond: 1024,
			DocumentTimeout: 3 * time.Second,
		},
	}, false)
	if err != nil {
		log.Fatal(err)
	}
}
