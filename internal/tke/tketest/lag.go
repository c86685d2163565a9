package tketest

// lag is what lists still show of a cache that has changed.
type lag struct {
	before *record // nil: nothing, as the cache is new
	left   int     // the lists that still do
}

// lagBehind makes the next lists show a cache as it was. The caller holds the lock.
func (s *Server) lagBehind(id string, before *record, lists int) {
	if lists > 0 {
		s.lags[id] = &lag{before: before, left: lists}
	}
}

// visible is what a list of a region may know, and counts as one list. The caller holds the lock.
func (s *Server) visible(region string) []*record {
	var recs []*record
	add := func(rec *record) {
		if rec != nil && rec.Region == region {
			recs = append(recs, rec)
		}
	}
	for id, rec := range s.caches {
		if s.lags[id] == nil {
			add(rec)
		}
	}
	for id, l := range s.lags {
		add(l.before)
		if l.left--; l.left <= 0 {
			delete(s.lags, id)
		}
	}
	return recs
}
