package tketest

import (
	"context"
	"errors"
	"time"
)

// record is a cache as the server keeps it.
type record struct {
	Cache
	seq   int    // counts caches: newer ones have higher numbers, and what varies between caches goes by it
	build *build // the last one; only it may change the cache
}

func (r *record) copy() *record {
	return &record{Cache: r.clone(), seq: r.seq}
}

// build is one way from Pending or Updating to an end.
type build struct {
	pull   bool   // new content, hence a disk, an instance and a snapshot; else the update changes settings alone
	failed Status // where a failure ends
	before Cache  // the cache before an update
	cancel context.CancelFunc
}

// insertRecord fills in missing fields of a cache and stores it. The caller holds the lock.
func (s *Server) insertRecord(cache Cache) *record {
	s.seq++
	rec := &record{Cache: cache, seq: s.seq}
	for rec.ID == "" || s.caches[rec.ID] != nil && cache.ID == "" {
		rec.ID = "imc-" + randomName()
	}
	setDefault(&rec.Type, TypeManual)
	setDefault(&rec.Snapshotter, defaultSnapshotter)
	if old := s.caches[rec.ID]; old != nil {
		s.removeRecord(old)
	}
	s.caches[rec.ID] = rec
	return rec
}

// removeRecord takes a cache out and breaks off what builds it. The caller holds the lock.
func (s *Server) removeRecord(rec *record) {
	delete(s.caches, rec.ID)
	rec.stopBuild()
}

// stopBuild breaks off the build, so that it changes nothing any more.
func (r *record) stopBuild() {
	if r.build != nil {
		r.build.cancel()
		r.build = nil
	}
}

// deleteExpired deletes the caches whose time has come, as the service does. It runs before each
// read, which no client can distinguish from a service that checks all the time. The caller holds
// the lock.
func (s *Server) deleteExpired() {
	now := s.opts.Clock()
	for _, rec := range s.caches {
		if !rec.ExpiresAt.IsZero() && !now.Before(rec.ExpiresAt) {
			s.removeRecord(rec)
		}
	}
}

// startBuild runs a build in the background until it ends, the cache goes, or the server closes.
// The caller holds the lock.
func (s *Server) startBuild(rec *record, b *build) {
	rec.stopBuild()
	ctx, cancel := context.WithCancel(s.ctx)
	b.cancel = cancel
	rec.build = b
	s.running.Go(func() {
		defer cancel()
		s.runBuild(ctx, rec, b)
	})
}

// runBuild is the usual course of a build: DiskCreated, EksCiCreated, SnapCreated, EksCiDeleted,
// DiskDeleted. The cache is usable from the snapshot on, while instance and disk still go: so a
// Ready cache can have events to come.
func (s *Server) runBuild(ctx context.Context, rec *record, b *build) {
	if !b.pull {
		s.applySteps(ctx, rec, b, func(time.Time) { rec.Status = StatusReady })
		return
	}
	site := newBuildSite(rec.seq)
	say := func(e Event) func(time.Time) {
		return func(now time.Time) { rec.appendEvent(e, now) }
	}
	if !s.applySteps(ctx, rec, b, say(site.diskCreated()), say(site.instanceCreated())) {
		return
	}
	err := s.opts.Builder(ctx, s.copyOf(rec))
	s.applySteps(ctx, rec, b,
		func(now time.Time) { s.finishBuild(rec, b, site, err, now) },
		say(site.instanceDeleted()), say(site.diskDeleted()))
}

// finishBuild makes the cache usable, or says why it is not.
func (s *Server) finishBuild(rec *record, b *build, site buildSite, err error, now time.Time) {
	rec.LastBuildFinished = now
	if err == nil {
		rec.FinishedBuilds++
		rec.Status = StatusReady
		rec.SnapshotID = site.snapshot
		rec.appendEvent(site.snapshotCreated(), now)
		return
	}
	rec.UnfinishedBuilds++
	rec.Status = b.failed
	if b.failed == StatusUpdateFailed && s.opts.Unconfirmed.RevertFailed {
		rec.Images, rec.SizeGiB = b.before.Images, b.before.SizeGiB
	}
	warning := &BuildError{Reason: reasonFailed, Message: err.Error()}
	errors.As(err, &warning)
	rec.appendEvent(Event{Type: EventWarning, Reason: warning.Reason, Message: warning.Message}, now)
}

// applySteps changes the cache step by step, each after its time. It reports whether the build
// still stands.
func (s *Server) applySteps(ctx context.Context, rec *record, b *build, steps ...func(now time.Time)) bool {
	for _, step := range steps {
		if !waitFor(ctx, s.opts.Pace) || !s.applyStep(rec, b, step) {
			return false
		}
	}
	return true
}

// applyStep is for a build that was not broken off meanwhile.
func (s *Server) applyStep(rec *record, b *build, step func(now time.Time)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rec.build != b {
		return false
	}
	step(s.opts.Clock())
	return true
}

func (s *Server) copyOf(rec *record) Cache {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rec.clone()
}

// appendEvent appends an event, with the moment when it is not said.
func (r *record) appendEvent(e Event, now time.Time) {
	setDefault(&e.First, now)
	setDefault(&e.Last, e.First)
	r.Events = append(r.Events, e)
}

// waitFor waits, and reports whether the wait ended before the context.
func waitFor(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
