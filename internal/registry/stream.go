package registry

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// Open reads the blob from its start. A connection that breaks is resumed where it broke; the end of the stream comes only
// after as many bytes as the manifest says, and when they match the digest.
func (b *Blob) Open() (io.ReadCloser, error) {
	if b.invalid != nil {
		return nil, b.invalid
	}
	digest, err := v1.NewHash(b.layer.Digest)
	if err != nil {
		return nil, err
	}
	hasher, err := v1.Hasher(digest.Algorithm)
	if err != nil {
		return nil, err
	}
	s := &stream{blob: b, hasher: hasher}
	s.ctx, s.cancel = context.WithCancel(b.ctx)
	s.patience = b.patience(s.ctx)
	if err := s.connect(); err != nil {
		s.cancel()
		return nil, b.failed(err)
	}
	return s, nil
}

// stream is the whole blob, over as many connections as it takes. It serves one reader, and anybody may close it: Close ends
// a Read wherever that waits, for bytes, for its next attempt, or for an answer.
type stream struct {
	blob     *Blob
	ctx      context.Context // ends with the stream
	cancel   context.CancelFunc
	pos      int64
	hasher   hash.Hash
	patience patience
	ended    error // what every further Read gives

	mu     sync.Mutex // holds together what a Close beside a Read must see as one
	now    *answer    // the connection in use; only the reader replaces it
	closed bool
}

// connect leaves no connection to a stream that was closed meanwhile: nobody would close it any more.
func (s *stream) connect() error {
	got, err := s.open()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		got.Body.Close()
		return os.ErrClosed
	}
	s.now = got
	return nil
}

func (s *stream) open() (*answer, error) {
	if s.pos == 0 {
		return s.blob.openWhole(s.ctx)
	}
	return s.blob.openRange(s.ctx, s.pos, s.blob.layer.Size-1)
}

func (b *Blob) openWhole(ctx context.Context) (*answer, error) {
	got, err := b.request(ctx, nil)
	if err != nil {
		return nil, err
	}
	if got.StatusCode != http.StatusOK {
		return nil, b.answerError(got)
	}
	if got.ContentLength >= 0 && got.ContentLength != b.layer.Size {
		got.Body.Close()
		return nil, &failure.Error{Host: got.from.Host, Kind: failure.Malformed,
			Err: fmt.Errorf("the manifest says %d bytes, the blob has %d", b.layer.Size, got.ContentLength)}
	}
	return got, nil
}

func (s *stream) Read(p []byte) (int, error) {
	if s.ended != nil {
		return 0, s.ended
	}
	n, err := s.read(p)
	if err != nil {
		if s.isClosed() {
			err = os.ErrClosed // whatever it was that being closed looked like from here
		}
		s.ended = err
		_ = s.Close()
	}
	return n, err
}

func (s *stream) read(p []byte) (int, error) {
	if s.isClosed() {
		return 0, os.ErrClosed
	}
	rest := s.blob.layer.Size - s.pos
	if rest == 0 {
		return 0, s.verified()
	}
	if len(p) == 0 {
		return 0, nil
	}
	p = p[:min(int64(len(p)), rest)]
	for {
		n, err := s.now.Body.Read(p)
		s.hasher.Write(p[:n])
		s.pos += int64(n)
		if n > 0 || err == nil {
			s.patience.rewarded = s.patience.rewarded || n > 0
			return n, nil // an error comes again with the next read
		}
		if err := s.resume(err); err != nil {
			return 0, s.blob.failed(err)
		}
	}
}

func (s *stream) resume(cause error) error {
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF // at this place there should be more
	}
	s.now.Body.Close()
	progress := s.patience.rewarded
	s.patience.rewarded = false
	if err := s.patience.after(bodyError(s.ctx, s.now.from.Host, cause), progress); err != nil {
		return err
	}
	return s.connect()
}

// verified is io.EOF when all that was read is what the digest promised.
func (s *stream) verified() error {
	algorithm, err := v1.NewHash(s.blob.layer.Digest)
	if err != nil {
		return err
	}
	actual := algorithm.Algorithm + ":" + hex.EncodeToString(s.hasher.Sum(nil))
	if actual != s.blob.layer.Digest {
		return s.blob.failed(&failure.Error{Host: s.now.from.Host, Kind: failure.DigestMismatch, Err: fmt.Errorf("the content is %s", actual)})
	}
	return io.EOF
}

// Close may be called at any time, also while Read waits, and more than once.
func (s *stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.cancel() // before the body, so that no reader takes what follows for a broken connection
	return s.now.Body.Close()
}

func (s *stream) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// patience decides how often a broken read is resumed: a few times without getting further, and a number of times in all.
// A host that stalls counts as one that does not get further, or a slow drip could go on for ever.
type patience struct {
	ctx       context.Context
	retry     Retry
	rewarded  bool // bytes came since the last resumption
	fruitless int  // resumptions in a row that brought nothing
	resumed   int
}

func (b *Blob) patience(ctx context.Context) patience {
	return patience{ctx: ctx, retry: b.client.retry}
}

// after waits before another attempt, and gives the error back when there shall be none.
func (p *patience) after(err error, progress bool) error {
	stalled := errors.Is(err, errStalled)
	if !isBroken(err) && !stalled {
		return err
	}
	p.resumed++
	if p.fruitless++; progress && !stalled {
		p.fruitless = 0
	}
	if p.fruitless > p.retry.Max || p.resumed > p.retry.Resumes || p.retry.sleep(p.ctx, p.fruitless) != nil {
		return err
	}
	return nil
}
