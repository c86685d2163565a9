package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestAfterAnyFaultASecondApplyConverges: at each call, each kind of trouble once. The first apply may fail or not; after the
// second exactly one cache exists, it is the one in the state, and there is nothing left to do.
func TestAfterAnyFaultASecondApplyConverges(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	effects := map[string]tketest.Effect{
		"reset before": tketest.ResetBefore{}, "reset after": tketest.ResetAfter{}, "truncated": tketest.Truncate{}, "malformed": tketest.Malform{},
		"502": tketest.HTTPStatus{Status: 502}, "429": tketest.HTTPStatus{Status: 429}, "throttled": tketest.Throttle{},
		"internal error": tketest.Answer{Code: "InternalError", Message: "internal error"}, "expired token": tketest.Answer{Code: "AuthFailure.TokenFailure", Message: "expired"},
		"not listed at once": tketest.Lag{Lists: 2}, "slow": tketest.Delay{For: 300 * time.Millisecond},
	}
	const created, grown = "images = [\"app:v1\"]\n  size_gib = 20", "images = [\"app:v1\"]\n  size_gib = 30"
	for _, action := range []string{tke.ActionCreate, tke.ActionDescribe, tke.ActionUpdate} {
		for name, effect := range effects {
			t.Run(action+" "+name, func(t *testing.T) {
				t.Parallel()
				cloud := acctest.Cloud(t, tketest.Options{})
				c := newCLI(t, cloud)
				c.oneCache(t, created)
				c.must(t, "init")
				if action == tke.ActionUpdate {
					c.must(t, "apply", "-auto-approve")
					c.oneCache(t, grown)
				}
				fault := cloud.Inject(tketest.Fault{Action: action, Effect: effect})
				_, first := c.try(t, "apply", "-auto-approve")
				if fault.Hits() != 1 {
					t.Fatalf("the fault struck %d times:\n%s", fault.Hits(), first)
				}
				c.must(t, "apply", "-auto-approve")
				caches := cloud.Caches()
				if len(caches) != 1 || caches[0].Status != tketest.StatusReady {
					t.Fatalf("want one ready cache, there are %+v; the first apply said:\n%s", caches, first)
				}
				if state := c.must(t, "state", "pull"); !strings.Contains(state, caches[0].ID) {
					t.Errorf("%s is not in the state", caches[0].ID)
				}
				if code, output := c.try(t, "plan", "-detailed-exitcode"); code != 0 {
					t.Errorf("there is something left to do:\n%s", output)
				}
				c.must(t, "destroy", "-auto-approve")
				if left := cloud.Caches(); len(left) != 0 {
					t.Errorf("left behind: %+v", left)
				}
			})
		}
	}
}
