package acctest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// Providers are the provider under test, served within the test's process. It sees no environment,
// polls often and retries at once.
func Providers() map[string]func() (tfprotov6.ProviderServer, error) { return ProvidersIn(nil) }

// ProvidersIn are the same in an environment.
func ProvidersIn(env map[string]string) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"tkeimage": func() (tfprotov6.ProviderServer, error) {
			return provider.NewServer(provider.Options{
				Version:      "test",
				PollInterval: 10 * time.Millisecond,
				RetryWait:    time.Millisecond,
				LookupEnv: func(name string) (string, bool) {
					value, set := env[name]
					return value, set
				},
			})(), nil
		},
	}
}

// Cloud starts the stand-in for the TKE API. Without a builder of its own, any image is there at
// once.
func Cloud(tb testing.TB, options tketest.Options) *tketest.Server {
	tb.Helper()

	skipUnlessAcceptance(tb)
	if options.Builder == nil {
		options.Builder = tketest.InstantBuilder
	}
	if options.RequestsPerSecond == 0 {
		options.RequestsPerSecond = -1
	}

	return tketest.Start(tb, options)
}

// Configuration is a provider block that talks to the stand-in and keeps no measurements, with more
// arguments if need be.
func Configuration(cloud *tketest.Server, more string) string {
	return fmt.Sprintf(`
provider "tkeimage" {
  secret_id               = %q
  secret_key              = %q
  endpoints               = { tke = %q }
  measurement_cache_dir   = ""
  max_requests_per_second = 1000
  %s
}
`, tketest.DefaultSecretID, tketest.DefaultSecretKey, cloud.URL, more)
}
