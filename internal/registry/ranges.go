package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// How much one request asks for. nginx and Apache refuse header lines above 8 KiB, and Apache
// answers more than 200 ranges with the whole file (its MaxRanges).
const (
	maxRangeHeader = 8000
	maxRanges      = 200
	maxTrailer     = 16 << 10 // that is read after the last part
)

// wantedRange is a part of the blob that is wanted, and how much of it has come.
type wantedRange struct {
	first int64
	data  []byte // the caller's buffer, or room for several that touch
	got   int
}

func (w *wantedRange) next() int64  { return w.first + int64(w.got) }
func (w *wantedRange) last() int64  { return w.first + int64(len(w.data)) - 1 }
func (w *wantedRange) isDone() bool { return w.got == len(w.data) }

// ReadRanges fills each buffer with the bytes at its offset, in as few requests as the host allows.
// Every range must lie within the blob. After an error the buffers' content is undefined.
//
// The error is errors.ErrUnsupported (errors.Is) where the host serves one range per request. That
// is remembered for the host, so that only the first such call makes a request, while others wait:
// of two ranges, an answer with the first is used, and the second one is read by itself. Where the
// host did not answer at all, it is remembered for the blob, and for the host as soon as one range
// was read.
func (b *Blob) ReadRanges(buffers [][]byte, offsets []int64) error {
	if b.invalid != nil {
		return b.invalid
	}
	wanted, err := mergeRanges(buffers, offsets, b.layer.Size)
	if err != nil {
		return b.describeError(err)
	}
	// fillRanges deletes from its list what has come.
	if err := b.fillRanges(slices.Clone(wanted)); err != nil {
		return b.describeError(err)
	}
	for i, buffer := range buffers {
		if len(buffer) > 0 {
			w := wanted[rangeBefore(wanted, offsets[i])]
			copy(buffer, w.data[offsets[i]-w.first:])
		}
	}
	return nil
}

// rangeBefore returns the index of the last range that does not begin after an offset.
func rangeBefore(wanted []*wantedRange, offset int64) int {
	i, found := slices.BinarySearchFunc(wanted, offset,
		func(w *wantedRange, offset int64) int { return cmp.Compare(w.first, offset) })
	if found {
		return i
	}
	return i - 1
}

// mergeRanges returns the ranges in ascending order. Those that touch or overlap become one, since
// servers refuse ranges that together exceed the file (net/http), or that overlap.
func mergeRanges(buffers [][]byte, offsets []int64, size int64) ([]*wantedRange, error) {
	if len(buffers) != len(offsets) {
		return nil, failure.New(failure.Protocol, "%d buffers for %d ranges", len(buffers), len(offsets))
	}
	order := make([]int, 0, len(buffers))
	for i, buffer := range buffers {
		if offsets[i] < 0 || offsets[i] > size-int64(len(buffer)) {
			return nil, failure.New(failure.Protocol,
				"%d bytes at %d are not within the blob's %d", len(buffer), offsets[i], size)
		}
		if len(buffer) > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(offsets[a], offsets[b]) })
	var wanted []*wantedRange
	for len(order) > 0 {
		first := offsets[order[0]]
		count, end := 0, first
		for count < len(order) && offsets[order[count]] <= end {
			end = max(end, offsets[order[count]]+int64(len(buffers[order[count]])))
			count++
		}
		data := buffers[order[0]]
		if count > 1 {
			data = make([]byte, end-first)
		}
		wanted = append(wanted, &wantedRange{first: first, data: data})
		order = order[count:]
	}
	return wanted, nil
}

// fillRanges reads several ranges in batches. A connection that breaks is resumed with what is
// missing. A range that is alone needs no multipart answer, and any host serves it.
func (b *Blob) fillRanges(missing []*wantedRange) error {
	resumption := b.reader.repository.NewResumption()
	for len(missing) > 1 {
		progressed, err := b.tryBatch(missing)
		missing = slices.DeleteFunc(missing, (*wantedRange).isDone)
		switch {
		case err == nil, len(missing) == 0 && transport.IsBroken(err):
			continue
		case b.ctx.Err() == nil && transport.IsUnanswered(err):
			return b.suspectOneRange(err)
		}
		if err := resumption.Wait(b.ctx, err, progressed); err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err := b.readRange(missing[0].data[missing[0].got:], missing[0].next())
	return err
}

// tryBatch makes one request for as many ranges as it bears, unless the host or the blob is known
// not to serve several.
func (b *Blob) tryBatch(missing []*wantedRange) (progressed bool, err error) {
	end, err := b.reader.facts.beginTrial(b.ctx)
	if err != nil {
		return false, err
	}
	defer end()
	if b.ServesOneRange() {
		return false, oneRangeError("")
	}
	header, count := rangeHeader(missing)
	return b.fillBatch(header, missing[:count])
}

// ServesOneRange returns whether the blob, or its host, is known to serve one range per request.
func (b *Blob) ServesOneRange() bool {
	return b.refusesRanges.Load() || b.ignoresRange.Load() || b.reader.facts.oneRange.isKnown()
}

// rangeHeader returns the value of a Range header (RFC 9110, section 14.2) and how many ranges it
// asks for.
func rangeHeader(missing []*wantedRange) (value string, count int) {
	text := []byte("bytes=")
	for _, w := range missing[:min(len(missing), maxRanges)] {
		before := len(text)
		if count > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, w.next(), 10)
		text = append(text, '-')
		text = strconv.AppendInt(text, w.last(), 10)
		if len(text) > maxRangeHeader {
			text = text[:before]
			break
		}
		count++
	}
	return string(text), count
}

// fillBatch makes one request for several ranges.
func (b *Blob) fillBatch(header string, batch []*wantedRange) (progressed bool, err error) {
	resp, err := b.sendRequest(b.ctx, transport.Request{
		Header: http.Header{"Range": {header}}, MayBeDropped: len(batch) > 1,
	})
	if err != nil {
		return false, err
	}
	defer resp.Body.Close() // not drained after a failure: this may be the whole blob
	form, err := b.checkRanges(resp, batch)
	if err != nil {
		return false, err
	}
	before := countBytes(batch)
	body := &limitedBody{body: resp.Body}
	err = form.readInto(body, b.layer.Size, batch)
	progressed = countBytes(batch) > before
	if err == nil {
		if len(batch) > 1 && !b.reader.facts.oneRange.isKnown() {
			b.reader.facts.rememberSeveralRanges()
		}
		// the closing delimiter, so that the connection can be used again
		_, _ = io.CopyN(io.Discard, resp.Body, maxTrailer)
		return progressed, nil
	}
	if body.failure != nil {
		return progressed, transport.BodyError(b.ctx, resp, body.failure)
	}
	return progressed, b.judgeAnswer(resp, err)
}

// judgeAnswer returns the error of an answer that does not have the ranges: a failure, or else that
// the host serves one range per request, which is remembered.
func (b *Blob) judgeAnswer(resp *http.Response, err error) error {
	if _, failed := errors.AsType[*failure.Error](err); failed {
		return failure.Complete(err, "", "", resp.Request.URL.Host)
	}
	return b.rememberOneRange(err.Error())
}

func countBytes(batch []*wantedRange) (sum int) {
	for _, w := range batch {
		sum += w.got
	}
	return sum
}

// checkRanges decides what an answer to a request for several ranges is (RFC 9110, sections 14.2
// and 15.3.7.2). Servers may ignore the header, serve the first range alone, merge ranges, or
// refuse.
func (b *Blob) checkRanges(resp *http.Response, batch []*wantedRange) (rangesForm, error) {
	switch resp.StatusCode {
	case http.StatusPartialContent:
		form, err := parseRangesForm(resp.Header, b.layer.Size, batch)
		if errors.Is(err, errFirstRangeOnly) && len(batch) == 2 {
			_ = b.rememberOneRange(err.Error())
			return form, nil // half of what was asked for
		}
		if err != nil {
			return form, b.judgeAnswer(resp, err)
		}
		return form, nil
	case http.StatusOK:
		if err := b.checkWhole(resp); err != nil {
			return rangesForm{}, err
		}
		return rangesForm{}, b.rememberOneRange("it answers several ranges with the whole")
	case http.StatusBadRequest, http.StatusRequestedRangeNotSatisfiable,
		http.StatusRequestHeaderFieldsTooLarge, http.StatusNotImplemented:
		// A manifest that names a blob with another size can be the reason too, so this shows
		// nothing about other blobs.
		b.refusesRanges.Store(true)
		return rangesForm{}, oneRangeError(fmt.Sprintf("it answers several ranges with HTTP %d", resp.StatusCode))
	}
	return rangesForm{}, b.reader.repository.StatusError(resp)
}

// suspectOneRange is for a host that breaks the connection, or is silent, when it is asked for
// several ranges. The reason may be the host, as well as the network. The next read of one range
// decides (confirmOneRange).
func (b *Blob) suspectOneRange(cause error) error {
	b.refusesRanges.Store(true)
	b.unanswered.Store(true)
	return oneRangeError("it does not answer: " + cause.Error())
}

// confirmOneRange remembers that a host serves one range per request: it has just served one, after
// it did not answer a request for several. A host that has served several before is left out, since
// its network failed.
func (b *Blob) confirmOneRange() {
	if b.unanswered.Swap(false) && !b.reader.facts.servedRanges.Load() {
		_ = b.rememberOneRange("it does not answer a request for several ranges")
	}
}

func (b *Blob) rememberOneRange(reason string) error {
	if b.reader.facts.oneRange.remember() {
		b.reader.client.registries.Log(b.ctx, "registry serves one range per request", map[string]any{
			"host": b.reader.repository.Host(), "reason": reason,
		})
	}
	return oneRangeError(reason)
}

func oneRangeError(reason string) error {
	if reason == "" {
		reason = "as an earlier answer showed"
	}
	return failure.New(failure.RangeIgnored,
		"several ranges in one request: %w (%s)", errors.ErrUnsupported, reason)
}
