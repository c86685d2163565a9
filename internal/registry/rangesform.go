package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

const (
	// partOverhead is how many bytes a part may add to its range: delimiter and header fields,
	// which take about 150.
	partOverhead = 1 << 10
	// maxGap is how many unwanted bytes a server may send between two ranges that it merges. RFC
	// 9110 (section 15.3.7.2) lets it merge those whose gap is smaller than the overhead of a part.
	maxGap = partOverhead
	// maxBoundary is the longest delimiter (RFC 2046, section 5.1.1).
	maxBoundary = 70
)

// What makes an answer with several ranges unusable. Such an answer is not an error: each range is
// asked for by itself then.
var (
	errFirstRangeOnly = errors.New("it answers several ranges with one of them")
	errNotParts       = errors.New("its partial answer has neither Content-Range nor parts")
	errPartsMissing   = errors.New("its answer leaves out a range")
	errPartUnasked    = errors.New("its answer has a part that was not asked for")
	errPartLength     = errors.New("its answer has a part of another length than its Content-Range")
	errTooLong        = errors.New("its answer is longer than what was asked for")
)

// rangesForm is how a 206 answer transfers several ranges: as parts between delimiters, or merged
// into one range.
type rangesForm struct {
	boundary string // "" for one range
	merged   contentRange
}

// parseRangesForm reads the headers of a 206 answer. An answer with the first range alone is
// refused here, before its body is read.
func parseRangesForm(header http.Header, size int64, wanted []*wantedRange) (rangesForm, error) {
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err == nil && kind == "multipart/byteranges" {
		boundary := parameters["boundary"]
		if boundary == "" || len(boundary) > maxBoundary {
			return rangesForm{}, errNotParts
		}
		return rangesForm{boundary: boundary}, nil
	}
	merged, valid := parseContentRange(header.Get("Content-Range"))
	if !valid {
		return rangesForm{}, errNotParts
	}
	within, err := coveredRanges(merged, size, wanted)
	if errors.Is(err, errPartUnasked) || err == nil && len(within) < len(wanted) {
		err = errFirstRangeOnly
	}
	return rangesForm{merged: merged}, err
}

// readInto puts the bytes of an answer in their places.
func (f rangesForm) readInto(body *limitedBody, size int64, wanted []*wantedRange) error {
	if f.boundary == "" {
		return f.merged.readInto(body, body, size, wanted)
	}
	parts := multipart.NewReader(body, f.boundary)
	for {
		body.left += partOverhead
		part, err := parts.NextRawPart()
		if err == io.EOF { // a wrapped EOF is an answer without its closing delimiter
			break
		}
		if err != nil {
			return fmt.Errorf("its answer is not multipart/byteranges: %w", err)
		}
		r, valid := parseContentRange(part.Header.Get("Content-Range"))
		if !valid {
			return errPartUnasked
		}
		if err := r.readInto(part, body, size, wanted); err != nil {
			return err
		}
		if n, err := part.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) { // it must end here
			return errPartLength
		}
	}
	if slices.ContainsFunc(wanted, func(w *wantedRange) bool { return !w.isDone() }) {
		return errPartsMissing
	}
	return nil
}

// readInto puts the bytes of one range in their places, which are one wanted range or several.
func (r contentRange) readInto(content io.Reader, body *limitedBody, size int64, wanted []*wantedRange) error {
	within, err := coveredRanges(r, size, wanted)
	if err != nil {
		return err
	}
	body.left += r.last - r.first + 1
	at := r.first
	for _, w := range within {
		if _, err := io.CopyN(io.Discard, content, w.next()-at); err != nil {
			return errPartLength
		}
		n, err := io.ReadFull(content, w.data[w.got:])
		w.got += n
		if err != nil {
			return errPartLength
		}
		at = w.next()
	}
	return nil
}

// coveredRanges returns the wanted ranges that a range covers. It must begin where one begins, end
// where one ends, and hold little that is not wanted, and nothing that has come already.
func coveredRanges(r contentRange, size int64, wanted []*wantedRange) ([]*wantedRange, error) {
	if r.total >= 0 && r.total != size {
		return nil, &failure.Error{Kind: failure.Protocol, StatusCode: http.StatusPartialContent,
			Err: fmt.Errorf("the manifest says %d bytes, Content-Range says %d", size, r.total)}
	}
	from, found := slices.BinarySearchFunc(wanted, r.first,
		func(w *wantedRange, first int64) int { return cmp.Compare(w.next(), first) })
	if !found {
		return nil, errPartUnasked
	}
	at := r.first
	for i, w := range wanted[from:] {
		if w.isDone() || w.next()-at > maxGap {
			break
		}
		if at = w.last() + 1; w.last() == r.last {
			return wanted[from : from+i+1], nil
		}
	}
	return nil, errPartUnasked
}

// limitedBody ends with an error where an answer is longer than what is allowed. It
// distinguishes a failure of the connection, which failure keeps, from a wrong answer.
type limitedBody struct {
	body    io.Reader
	left    int64
	failure error
}

func (l *limitedBody) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	n, err := l.body.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		l.failure = err
	}
	return n, err
}
