package tketest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := tketest.NewUnstarted(tketest.Options{Builder: tketest.InstantBuilder})
		defer s.Close()
		c := newClient(s)
		for range 2 {
			for range 20 {
				c.ok(t, tketest.ActionDescribe, fields{})
			}
			c.refused(t, tketest.ActionDescribe, fields{}, "RequestLimitExceeded")
			c.create(t, nil) // has a limit of its own
			time.Sleep(time.Second)
		}
	})
}

func TestRateLimitSlides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := tketest.NewUnstarted(tketest.Options{RequestsPerSecond: 2})
		defer s.Close()
		c := newClient(s)
		c.ok(t, tketest.ActionDescribe, fields{})
		time.Sleep(900 * time.Millisecond)
		c.ok(t, tketest.ActionDescribe, fields{})
		time.Sleep(200 * time.Millisecond)
		c.ok(t, tketest.ActionDescribe, fields{})
		c.refused(t, tketest.ActionDescribe, fields{}, "RequestLimitExceeded")
		if got := s.Calls(tketest.ActionDescribe); got != 4 {
			t.Errorf("%d calls counted, want 4", got)
		}
		if got := s.Acted(tketest.ActionDescribe); got != 3 {
			t.Errorf("%d calls acted, want 3", got)
		}
	})
}
