package credentials

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// bank lends sessions that last for a while, each after a wait, and counts them.
type bank struct {
	lasts, takes time.Duration
	mu           sync.Mutex
	lent         int
	fail         error
}

func (b *bank) lend(ctx context.Context) (temporaryCredential, error) {
	select {
	case <-time.After(b.takes):
	case <-ctx.Done():
		return temporaryCredential{}, context.Cause(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lent++
	if b.fail != nil {
		return temporaryCredential{}, b.fail
	}
	return temporaryCredential{
		Credential: cloudapi.Credential{SecretID: strconv.Itoa(b.lent)},
		expires:    time.Now().Add(b.lasts),
	}, nil
}

func (b *bank) refuse(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

func TestASessionIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	for lasts, early := range map[time.Duration]time.Duration{
		2 * time.Hour: 5 * time.Minute, 8 * time.Minute: 2 * time.Minute, 4 * time.Second: time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &bank{lasts: lasts}
			s := newSession(b.lend, nil)
			holds(t, s, "1")
			time.Sleep(lasts - early - time.Millisecond)
			holds(t, s, "1")
			time.Sleep(time.Millisecond)
			holds(t, s, "2")
		})
	}
}

func TestManyWhoNeedASessionMakeOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bank{lasts: time.Hour, takes: time.Second}
		s := newSession(b.lend, nil)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { holds(t, s, "1") })
		}
		all.Wait()
		b.refuse(errors.New("no"))
		time.Sleep(time.Hour)
		for range 50 {
			all.Go(func() {
				if _, err := s.Retrieve(t.Context()); err == nil || err.Error() != "no" {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if b.lent != 2 {
			t.Errorf("%d requests, want one for the session and one that failed for all", b.lent)
		}
		b.refuse(nil)
		holds(t, s, "3") // a failure is not kept
	})
}

func TestWhoWaitsForASessionHeedsTheOwnContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bank{lasts: time.Hour, takes: time.Minute}
		s := newSession(b.lend, nil)
		first, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		go func() {
			time.Sleep(time.Second)
			cancel(gone)
		}()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := s.Retrieve(first); !errors.Is(err, gone) {
				t.Errorf("who asked: got %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() { holds(t, s, "1") }) // asks on its own when the first is gone
		all.Go(func() {
			short, end := context.WithTimeout(t.Context(), 2*time.Second)
			defer end()
			if _, err := s.Retrieve(short); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("who waited: got %v", err)
			}
		})
		all.Wait()
	})
}

func TestASessionThatCannotBeRenewedServesUntilItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logged := 0
		b := &bank{lasts: time.Hour}
		s := newSession(b.lend, func(context.Context, string, map[string]any) { logged++ })
		holds(t, s, "1")
		b.refuse(errors.New("no"))
		time.Sleep(56 * time.Minute)
		holds(t, s, "1")
		holds(t, s, "1") // the next attempt is not made at once
		if b.lent != 2 || logged != 1 {
			t.Errorf("%d requests, %d logged", b.lent, logged)
		}
		time.Sleep(4 * time.Minute)
		if _, err := s.Retrieve(t.Context()); err == nil {
			t.Error("a session that has expired was given")
		}
	})
}

func holds(t *testing.T, s *session, want string) {
	t.Helper()
	got, err := s.Retrieve(t.Context())
	if err != nil || got.SecretID != want {
		t.Errorf("got %q, %v; want %q", got.SecretID, err, want)
	}
}
