package tketest

import (
	"cmp"
	"slices"
)

// Caches returns all caches of all regions, oldest first, with what the API hides.
func (s *Server) Caches() []Cache {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteExpired()
	recs := make([]*record, 0, len(s.caches))
	for _, rec := range s.caches {
		recs = append(recs, rec)
	}
	slices.SortFunc(recs, func(a, b *record) int { return cmp.Compare(a.seq, b.seq) })
	out := make([]Cache, 0, len(recs))
	for _, rec := range recs {
		out = append(out, rec.clone())
	}
	return out
}

// Cache returns one cache, with what the API hides.
func (s *Server) Cache(id string) (Cache, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteExpired()
	rec, ok := s.caches[id]
	if !ok {
		return Cache{}, false
	}
	return rec.clone(), true
}

// Put takes in a cache as it is, in whatever status: nothing builds it, so a Pending one stays
// Pending. It replaces the cache of the same id. An empty ID, Region, Type, Status (Ready),
// SizeGiB, Snapshotter, CreatedAt and, for a Ready cache, SnapshotID are filled in. It returns the
// cache as it then is.
func (s *Server) Put(cache Cache) Cache {
	cache = cache.clone()
	setDefault(&cache.Region, s.opts.Regions[0])
	setDefault(&cache.Status, StatusReady)
	setDefault(&cache.SizeGiB, minSizeGiB)
	setDefault(&cache.CreatedAt, s.opts.Clock())
	if cache.Status == StatusReady {
		setDefault(&cache.SnapshotID, "snap-"+randomName())
	}
	setDefault(&cache.ExpiresAt, expiryTime(cache.CreatedAt, cache.RetentionDays))
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.insertRecord(cache).clone()
}

// Modify changes a cache behind the client's back. It reports whether there was one.
func (s *Server) Modify(id string, change func(*Cache)) bool {
	return s.withRecord(id, func(rec *record) { change(&rec.Cache) })
}

// Delete removes a cache, as the console does, or the service at the end of its retention. It
// reports whether there was one.
func (s *Server) Delete(id string) bool { return s.withRecord(id, s.removeRecord) }

// Fail breaks off the build of a cache, if one runs, and ends it in Failed or, during an update, in
// UpdateFailed. The event says why; its type, reason and times have defaults.
func (s *Server) Fail(id string, why Event) bool {
	setDefault(&why.Type, EventWarning)
	setDefault(&why.Reason, reasonFailed)
	return s.withRecord(id, func(rec *record) {
		rec.stopBuild()
		if rec.Status == StatusUpdating {
			rec.Status = StatusUpdateFailed
		} else {
			rec.Status = StatusFailed
		}
		rec.appendEvent(why, s.opts.Clock())
	})
}

// Deny takes the permission for actions away: they are answered UnauthorizedOperation.CamNoAuth.
func (s *Server) Deny(actions ...string) { s.setDenied(true, actions) }

// Allow returns permissions back that Deny took.
func (s *Server) Allow(actions ...string) { s.setDenied(false, actions) }

func (s *Server) setDenied(denied bool, actions []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, action := range actions {
		s.denied[action] = denied
	}
}

func (s *Server) withRecord(id string, do func(*record)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, ok := s.caches[id]
	if ok {
		do(rec)
	}
	return ok
}
