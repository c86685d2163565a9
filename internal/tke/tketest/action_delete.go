package tketest

type deleteRequest struct {
	IDs []string `json:"ImageCacheIds"`
}

// remove deletes caches, with their snapshots, in any status; a build that runs is broken off. It deletes all of them
// or, when it answers an error, none.
func (s *Server) remove(c *call, in deleteRequest) (any, *apiError) {
	if len(in.IDs) == 0 {
		return nil, invalidValue("ImageCacheIds", "it is empty")
	}
	if most := s.opts.Unconfirmed.MaxIDs; len(in.IDs) > most {
		return nil, tooMany("ImageCacheIds", most)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	var known []*record
	for _, id := range in.IDs {
		rec, ok := s.caches[id]
		if ok && rec.Region == c.region {
			known = append(known, rec)
		} else if !s.opts.Unconfirmed.DeleteUnknown {
			return nil, notFound(id)
		}
	}
	for _, rec := range known {
		s.lagBehind(rec.ID, rec.copy(), c.lag)
		s.drop(rec)
	}
	return struct{}{}, nil
}
