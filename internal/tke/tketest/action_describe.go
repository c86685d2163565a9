package tketest

import (
	"cmp"
	"fmt"
	"slices"
)

// A page holds 20 caches unless the request says otherwise, and 50 at most.
const (
	defaultLimit = 20
	maxLimit     = 50
)

type describeRequest struct {
	IDs     []string `json:"ImageCacheIds"`
	Names   []string `json:"ImageCacheNames"`
	Filters []filter
	Limit   *uint64
	Offset  uint64
}

type filter struct {
	Name   string
	Values []string
}

type describeResponse struct {
	TotalCount  int
	ImageCaches []wireCache
}

func (s *Server) describeCaches(c *call, in describeRequest) (any, *apiError) {
	if err := in.checkFields(s.opts.Unconfirmed); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteExpired()
	visible := s.visibleCaches(c.region)
	if s.opts.Unconfirmed.UnknownIDNotFound {
		if err := s.checkKnown(in, visible); err != nil {
			return nil, err
		}
	}
	visible = slices.DeleteFunc(visible, func(rec *record) bool { return !in.matchesFilters(rec) })
	if in.IDs != nil && len(in.IDs) == 0 && s.opts.Unconfirmed.EmptyIDsSelectNothing {
		visible = nil
	}
	s.sortRecords(visible)
	if c.reversed {
		slices.Reverse(visible)
	}
	answer := describeResponse{TotalCount: len(visible), ImageCaches: []wireCache{}}
	for _, rec := range in.selectPage(visible) {
		answer.ImageCaches = append(answer.ImageCaches, s.toWireCache(rec))
	}
	return answer, nil
}

func (in describeRequest) checkFields(u Unconfirmed) *apiError {
	if in.Limit != nil && (*in.Limit < 1 || *in.Limit > maxLimit) {
		err := newInvalidValueError("Limit", fmt.Sprintf("%d is not between 1 and %d", *in.Limit, maxLimit))
		if u.LimitIsParameter {
			err.code = CodeInvalidParameter
		}
		return err
	}
	if len(in.IDs) > u.MaxIDs {
		return newTooManyError("ImageCacheIds", u.MaxIDs)
	}
	for i, f := range in.Filters {
		if f.Name != "image-cache-name" {
			return newInvalidValueError(
				fmt.Sprintf("Filters.%d.Name", i), fmt.Sprintf("%q is not `image-cache-name`", f.Name),
			)
		}
	}
	return nil
}

func (s *Server) checkKnown(in describeRequest, visible []*record) *apiError {
	for _, id := range in.IDs {
		if !slices.ContainsFunc(visible, func(rec *record) bool { return rec.ID == id }) {
			return s.newNotFoundError(id)
		}
	}
	return nil
}

// matchesFilters reports whether a cache meets all conditions; within one of them, any of its
// values will do.
func (in describeRequest) matchesFilters(rec *record) bool {
	if len(in.IDs) > 0 && !slices.Contains(in.IDs, rec.ID) {
		return false
	}
	if len(in.Names) > 0 && !slices.Contains(in.Names, rec.Name) {
		return false
	}
	for _, f := range in.Filters {
		if !slices.Contains(f.Values, rec.Name) {
			return false
		}
	}
	return true
}

func (in describeRequest) selectPage(all []*record) []*record {
	from := min(in.Offset, uint64(len(all)))
	to := min(from+valueOr(in.Limit, defaultLimit), uint64(len(all)))
	return all[from:to]
}

func (s *Server) sortRecords(recs []*record) {
	slices.SortFunc(recs, func(a, b *record) int {
		switch s.opts.Unconfirmed.Order {
		case OrderNewestFirst:
			return compareNewestFirst(a, b)
		case OrderOldestFirst:
			return compareNewestFirst(b, a)
		default:
			return cmp.Compare(a.ID, b.ID)
		}
	})
}

// compareNewestFirst puts the later cache first, and of caches made in the same moment the one that
// was asked for later.
func compareNewestFirst(a, b *record) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.seq, a.seq))
}
