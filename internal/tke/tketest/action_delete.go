package tketest

type deleteRequest struct {
	IDs []string `json:"ImageCacheIds"`
}

// deleteCaches deletes caches, with their snapshots, in any status; a build that runs is broken
// off. It deletes all of them or, when it answers an error, none.
func (s *Server) deleteCaches(c *call, in deleteRequest) (any, *apiError) {
	if len(in.IDs) == 0 {
		return nil, newInvalidValueError("ImageCacheIds", "it is empty")
	}
	if most := s.opts.Unconfirmed.MaxIDs; len(in.IDs) > most {
		return nil, newTooManyError("ImageCacheIds", most)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteExpired()
	var known []*record
	for _, id := range in.IDs {
		rec, ok := s.caches[id]
		if ok && rec.Region == c.region {
			known = append(known, rec)
		} else if !s.opts.Unconfirmed.DeleteUnknown {
			return nil, s.newNotFoundError(id)
		}
	}
	for _, rec := range known {
		s.delayInLists(rec.ID, rec.copy(), c.lag)
		s.removeRecord(rec)
	}
	return struct{}{}, nil
}
