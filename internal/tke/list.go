package tke

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	// pageSize is the most that DescribeImageCaches returns in one answer.
	pageSize = 50
	// maxListPages bounds a listing, far above what any region holds: whatever a count claims, a
	// listing ends.
	maxListPages = 400
)

// describeRequest is the input of DescribeImageCaches.
type describeRequest struct {
	IDs    []string `json:"ImageCacheIds,omitempty"`
	Names  []string `json:"ImageCacheNames,omitempty"`
	Limit  int
	Offset int

	maxPages int64 // 0: as many as there are
}

// errPagesShifted says that caches have moved from page to page during a listing.
var errPagesShifted = errors.New("the pages of the list do not add up")

// errTooManyPages ends a listing that was bounded.
var errTooManyPages = errors.New("the list has more pages than were allowed")

// listPage is one answer of DescribeImageCaches.
type listPage struct {
	TotalCount int
	Caches     []ImageCache `json:"ImageCaches"`
	RequestID  string       `json:"RequestId"`
}

// checkConsistency returns an error where the answer cannot be true: what it says about such a
// cache is not acted on.
func (p *listPage) checkConsistency() error {
	seen := make(map[string]bool, len(p.Caches))
	for _, cache := range p.Caches {
		problem := ""
		switch {
		case cache.ID == "":
			problem = "a cache without an id"
		case seen[cache.ID]:
			problem = "the same cache twice"
		case cache.Status == "":
			problem = "a cache without a status"
		}
		if problem != "" {
			return &InconsistentError{ID: sanitizeID(cache.ID), Problem: problem, RequestID: sanitizeID(p.RequestID)}
		}
		seen[cache.ID] = true
	}
	return nil
}

// sanitizeID returns an id as it is, and nothing of what cannot be one.
func sanitizeID(id string) string {
	const longestID = 64
	if len(id) > longestID || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return id
}

// describeCaches lists the caches that a request selects. A listing that does not add up is made
// again: caches that come and go while it is under way move others from page to page.
func (c *Client) describeCaches(ctx context.Context, request describeRequest) ([]ImageCache, error) {
	var caches []ImageCache
	var err error
	for range maxBadAnswers + 1 {
		caches, err = c.listPages(ctx, request)
		if err == nil && hasRepeatedCache(caches) {
			err = &cloudapi.Error{
				Action:  ActionDescribe,
				Kind:    cloudapi.KindMalformed,
				Err:     errPagesShifted,
				Message: "its pages repeat caches, so others may be missing",
			}
		}
		if !errors.Is(err, errPagesShifted) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return caches, nil
}

// hasRepeatedCache reports whether a cache is on two pages.
func hasRepeatedCache(caches []ImageCache) bool {
	seen := make(map[string]bool, len(caches))
	for _, cache := range caches {
		seen[cache.ID] = true
	}
	return len(seen) < len(caches)
}

// listPages lists page by page until TotalCount is reached.
func (c *Client) listPages(ctx context.Context, request describeRequest) ([]ImageCache, error) {
	var all []ImageCache
	if request.Limit == 0 {
		request.Limit = pageSize
	}
	for asked := 1; ; asked++ {
		page, err := callAction[listPage](ctx, c, ActionDescribe, request)
		if err == nil {
			err = page.checkConsistency()
		}
		if err != nil {
			return nil, err
		}
		all = append(all, page.Caches...)
		request.Offset += len(page.Caches)
		if request.Offset >= page.TotalCount {
			return all, nil
		}
		if request.maxPages > 0 && int64(page.TotalCount) > request.maxPages*pageSize {
			return nil, errTooManyPages
		}
		if len(page.Caches) == 0 || asked == maxListPages {
			err := &cloudapi.Error{Action: ActionDescribe, Kind: cloudapi.KindMalformed, Message: fmt.Sprintf(
				"it counts %d caches and lists only %d", page.TotalCount, request.Offset)}
			if asked < maxListPages {
				err.Err = errPagesShifted
			}
			return nil, err
		}
	}
}

// listByNames returns the caches with one of the names, or all caches if there are no names. Names
// are compared again here, in case the API matches substrings.
func (c *Client) listByNames(ctx context.Context, names ...string) ([]ImageCache, error) {
	var found []ImageCache
	for chunk := range chunkNames(names) {
		caches, err := c.describeCaches(ctx, describeRequest{Names: chunk})
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		found = append(found, caches...)
	}
	return slices.DeleteFunc(
		found, func(cache ImageCache) bool { return len(names) > 0 && !slices.Contains(names, cache.Name) },
	), nil
}

// chunkNames yields the names in portions that one call takes, and one empty portion when there are
// none.
func chunkNames(names []string) iter.Seq[[]string] {
	if len(names) == 0 {
		return slices.Values([][]string{nil})
	}
	return slices.Chunk(names, pageSize)
}
