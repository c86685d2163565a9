package tketest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

type matchRequest struct {
	Images      []string
	Snapshotter *string
}

type matchResponse struct {
	Found      bool
	ImageCache *wireCache // null when not found
}

// matchCache answers what `use-image-cache: auto` would choose: of the Ready caches that hold the
// images, the smaller one, then the newer. To be chosen changes LastMatchedTime: the published
// example has it with the suffix of a clock that was read in that moment.
func (s *Server) matchCache(c *call, in matchRequest) (any, *apiError) {
	if err := cmp.Or(checkReferences(in.Images), checkSnapshotter(in.Snapshotter)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteExpired()
	var found []*record
	for _, rec := range s.caches {
		if rec.Region == c.region && rec.Status == StatusReady && in.matchesCache(rec, s.opts.Unconfirmed) {
			found = append(found, rec)
		}
	}
	if len(found) == 0 {
		return matchResponse{}, nil
	}
	best := slices.MinFunc(found, func(a, b *record) int {
		return cmp.Or(cmp.Compare(a.SizeGiB, b.SizeGiB), compareNewestFirst(a, b))
	})
	best.LastMatchedAt = s.opts.Clock()
	wire := s.toWireCache(best)
	return matchResponse{Found: true, ImageCache: &wire}, nil
}

func (in matchRequest) matchesCache(rec *record, u Unconfirmed) bool {
	if in.Snapshotter != nil && *in.Snapshotter != rec.Snapshotter {
		return false
	}
	held := 0
	for _, image := range in.Images {
		if slices.ContainsFunc(rec.Images, func(other string) bool {
			return nameAndTag(image, u) == nameAndTag(other, u)
		}) {
			held++
		}
	}
	return held == len(in.Images) || u.PartialMatch && held > 0
}

// nameAndTag is what a match compares: the name as it is written, and the tag, `latest` when there
// is none. Digests are not compared.
func nameAndTag(image string, u Unconfirmed) string {
	written, _, digested := strings.Cut(image, "@")
	repository, tag := written, ""
	if colon := strings.LastIndex(written, ":"); colon > strings.LastIndex(written, "/") {
		repository, tag = written[:colon], written[colon+1:]
	}
	if tag == "" && !digested {
		tag = name.DefaultTag
	}
	if u.CanonicalNames {
		if parsed, err := name.NewRepository(repository); err == nil {
			repository = parsed.Name()
		}
	}
	return repository + ":" + tag
}
