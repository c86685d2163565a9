package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
)

// gunzip decompresses a gzip stream of one member or several, and remembers whether other bytes
// follow the last one. unpigz, which containerd uses where it is installed, ignores those; Go's own
// reader, which it uses elsewhere, fails.
type gunzip struct {
	in       *bufio.Reader
	member   *gzip.Reader
	trailing bool
}

func newGunzip(in *bufio.Reader) (*gunzip, error) {
	member, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	member.Multistream(false)
	return &gunzip{in: in, member: member}, nil
}

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		n, err := g.member.Read(p)
		atEnd := errors.Is(err, io.EOF)
		if n > 0 && atEnd {
			return n, nil // the next read finds the end again
		}
		if n > 0 || !atEnd {
			return n, err
		}
		if err := g.nextMember(); err != nil {
			return 0, err
		}
	}
}

// nextMember begins the member that follows; io.EOF when there is none.
func (g *gunzip) nextMember() error {
	head, err := g.in.Peek(len(compression.MagicGzip))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case len(head) == 0:
		return io.EOF
	case !bytes.Equal(head, compression.MagicGzip):
		g.trailing = true
		if _, err := io.Copy(io.Discard, g.in); err != nil {
			return err
		}
		return io.EOF
	}
	if err := g.member.Reset(g.in); err != nil {
		return err
	}
	g.member.Multistream(false)
	return nil
}

func (g *gunzip) Close() error { return g.member.Close() }
