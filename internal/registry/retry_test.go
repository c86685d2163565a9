package registry

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// failing answers so many requests with a status before the registry does.
func (s *stand) failing(times, status int, header ...string) {
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if times == 0 {
			return false
		}
		times--
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		return true
	}
}

func TestPassingFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{408, 429, 500, 502, 503, 504} {
		s := newStand(t)
		s.image("x", "1", "linux/amd64", []byte("a"))
		s.failing(2, status)
		mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "")
	}
}

func TestLastingFailuresAreNot(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]failure.Kind{
		400: failure.Protocol,
		403: failure.Forbidden,
		404: failure.NotFound,
		410: failure.Protocol,
		501: failure.Unavailable,
		505: failure.Unavailable,
	} {
		s := newStand(t)
		s.image("x", "1", "linux/amd64", []byte("a"))
		config := quick(t)
		config.Transport.Hosts = map[string]transport.Host{s.host(): {PlainHTTP: true}} // else a 400 is asked about TLS
		s.failing(100, status)
		_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
		if e := assertKind(t, err, want); e.StatusCode != status || len(s.requests()) != 1 {
			t.Errorf("%d: %d requests", status, len(s.requests()))
		}
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	for _, value := range []func() string{
		func() string { return "1" },
		func() string { return time.Now().Add(1990 * time.Millisecond).UTC().Format(http.TimeFormat) }, // whole seconds
	} {
		s, value := newStand(t), value()
		s.image("x", "1", "linux/amd64", []byte("a"))
		s.failing(1, 429, "Retry-After", value)
		began := time.Now()
		mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "")
		if took := time.Since(began); took < 800*time.Millisecond || took > 4*time.Second {
			t.Errorf("%s: after %s", value, took)
		}
	}
}

func TestAWaitThatIsTooLongIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"3600", "99999999999999999999", "Fri, 31 Dec 2999 23:59:59 GMT"} {
		s := newStand(t)
		s.failing(100, 429, "Retry-After", value)
		config := quick(t)
		config.Manifests = &memory{} // begins with HEAD
		began := time.Now()
		_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
		e := assertKind(t, err, failure.RateLimited)
		if value == "3600" && e.RetryAfter != time.Hour || len(s.requests()) != 1 || time.Since(began) > time.Second {
			t.Errorf("%s: %s, %d requests", value, e.RetryAfter, len(s.requests()))
		}
	}
}

// What the registry said is worth more than a deadline that passed.
func TestAWaitBeyondTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.failing(100, 429, "Retry-After", "2")
	ctx, cancel := contextFor(t, time.Second)
	defer cancel()
	began := time.Now()
	_, err := newClient(t, quick(t)).Resolve(ctx, s.host()+"/x:1", "")
	assertKind(t, err, failure.RateLimited)
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("after %s", took)
	}
}

func TestNoWaitOutlivesACancellation(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.failing(100, 503, "Retry-After", "2")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	began := time.Now()
	_, err := newClient(t, quick(t)).Resolve(ctx, s.host()+"/x:1", "")
	assertKind(t, err, failure.Canceled)
	if took := time.Since(began); took > time.Second {
		t.Errorf("after %s", took)
	}
}

func TestASilentHostIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	}
	config := quick(t)
	config.Transport.Limits.HeaderTimeout = 50 * time.Millisecond
	_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
	if e := assertKind(t, err, failure.Timeout); e.Host != s.host() || len(s.requests()) != 3 {
		t.Errorf("%+v", e)
	}
}

func TestAHostThatIsNotThereIsUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unused := listener.Addr().String()
	listener.Close()
	for _, host := range []string{unused, "no-such-host.invalid"} {
		config := quick(t)
		config.Transport.Base = &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if address != unused {
					return nil, &net.OpError{
						Op:  "dial",
						Net: network,
						Err: &net.DNSError{Err: "no such host", Name: "no-such-host.invalid", IsNotFound: true},
					}
				}
				return new(net.Dialer).DialContext(ctx, network, address)
			},
		}
		_, err := newClient(t, config).Resolve(t.Context(), host+"/x:1", "")
		if e := assertKind(t, err, failure.Unreachable); e.Host != host {
			t.Errorf("%+v", e)
		}
	}
}

func TestResetConnectionsAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	resets := 2
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if resets == 0 {
			return false
		}
		resets--
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return false
		}
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
		return true
	}
	config := quick(t)
	config.Transport.Hosts = map[string]transport.Host{s.host(): {PlainHTTP: true}}
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
}
