package credentials

import (
	"context"
	"sync"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// maxRenewEarly is how long before its end a session is renewed: a request that is signed just
// before is on its way, with its retries, for some minutes at most. Short sessions are renewed in
// the last quarter of their life.
const maxRenewEarly = 5 * time.Minute

// session fetches a temporary credential on first use and refreshes it before expiry; concurrent
// callers share one fetch and its failure.
type session struct {
	fetch fetchFunc
	log   func(ctx context.Context, message string, fields map[string]any)
	slot  chan struct{} // full while a request is under way for a new session

	mu     sync.Mutex // guards what follows
	cached temporaryCredential
	renew  time.Time // when a new session is due
	ended  int       // how many attempts have ended, apart from those that the caller's own context ended
	failed error     // what the last of them ended with
}

func newSession(fetch fetchFunc, log func(context.Context, string, map[string]any)) *session {
	if log == nil {
		log = func(context.Context, string, map[string]any) {}
	}
	return &session{fetch: fetch, log: log, slot: make(chan struct{}, 1)}
}

// Retrieve returns the credential, of a new session if necessary.
func (s *session) Retrieve(ctx context.Context) (cloudapi.Credential, error) {
	held, fresh, seen := s.cachedCredential()
	if fresh {
		return held, nil
	}
	select {
	case s.slot <- struct{}{}:
		defer func() { <-s.slot }()
	case <-ctx.Done():
		return cloudapi.Credential{}, context.Cause(ctx)
	}
	held, fresh, ended := s.cachedCredential()
	if fresh {
		return held, nil
	}
	if err := s.lastError(); ended != seen && err != nil {
		return cloudapi.Credential{}, err
	}
	got, err := s.fetch(ctx)
	if err != nil && ctx.Err() != nil {
		return cloudapi.Credential{}, err
	}
	return s.storeResult(ctx, got, err)
}

// cachedCredential returns the cached credential, whether it need not be renewed yet, and how many
// fetches have ended so far.
func (s *session) cachedCredential() (held cloudapi.Credential, fresh bool, ended int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cached.Credential, time.Now().Before(s.renew), s.ended
}

func (s *session) lastError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// storeResult stores the result of a fetch. When a renewal fails, the cached session serves for the
// rest of its life.
func (s *session) storeResult(ctx context.Context, got temporaryCredential, err error) (cloudapi.Credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.ended++
	s.failed = nil
	switch rest := s.cached.expires.Sub(now); {
	case err == nil:
		s.cached, s.renew = got, renewalTime(now, got.expires)
	case rest > 0:
		s.renew = now.Add(rest / 4)
		s.log(
			ctx, "a session could not be renewed and is used on",
			map[string]any{"expires": s.cached.expires, "reason": err.Error()},
		)
	default:
		s.failed = err
		return cloudapi.Credential{}, err
	}
	return s.cached.Credential, nil
}

// renewalTime returns when a session that is fetched now and ends then is to be renewed.
func renewalTime(now, ends time.Time) time.Time {
	return ends.Add(-min(maxRenewEarly, ends.Sub(now)/4))
}
