package tketest

// staleList is what lists still show of a cache that has changed.
type staleList struct {
	before    *record // nil: nothing, as the cache is new
	listsLeft int     // the lists that still do
}

// delayInLists makes the next lists show a cache as it was. The caller holds the lock.
func (s *Server) delayInLists(id string, before *record, lists int) {
	if lists > 0 {
		s.staleLists[id] = &staleList{before: before, listsLeft: lists}
	}
}

// visibleCaches is what a list of a region may know, and counts as one list. The caller holds the
// lock.
func (s *Server) visibleCaches(region string) []*record {
	var recs []*record
	add := func(rec *record) {
		if rec != nil && rec.Region == region {
			recs = append(recs, rec)
		}
	}
	for id, rec := range s.caches {
		if s.staleLists[id] == nil {
			add(rec)
		}
	}
	for id, l := range s.staleLists {
		add(l.before)
		if l.listsLeft--; l.listsLeft <= 0 {
			delete(s.staleLists, id)
		}
	}
	return recs
}
