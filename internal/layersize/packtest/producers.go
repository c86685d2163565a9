package packtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Producer compresses as one of the tools does that write layers.
type Producer struct {
	Name     string
	Program  string // which has to be installed; empty for a library
	Zstd     bool
	Compress func([]byte) ([]byte, error)
}

// Pack compresses data for a test, which is skipped where the program is not installed.
func (p Producer) Pack(t testing.TB, data []byte) []byte {
	t.Helper()
	packed, err := p.Compress(data)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
	return packed
}

// Command is a program, which reads from its standard input.
func Command(name string, args ...string) Producer {
	shown := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-c" })
	label := strings.Join(append([]string{name}, shown...), " ")
	return Producer{label, name, name == "zstd", func(p []byte) ([]byte, error) {
		cmd := exec.CommandContext(context.Background(), name, args...) //nolint:gosec // a program that a test names
		cmd.Stdin = bytes.NewReader(p)
		return cmd.Output()
	}}
}

// GoGzip is the standard library.
func GoGzip(level int) Producer {
	return Producer{fmt.Sprintf("Go %d", level), "", false, func(p []byte) ([]byte, error) {
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, level)
		if err != nil {
			return nil, err
		}
		_, err = w.Write(p)
		err = errors.Join(err, w.Close())
		return b.Bytes(), err
	}}
}

// Klauspost is the gzip of klauspost/compress.
func Klauspost(level int) Producer {
	return Producer{fmt.Sprintf("klauspost %d", level), "", false, func(p []byte) ([]byte, error) {
		var b bytes.Buffer
		w, err := kgzip.NewWriterLevel(&b, level)
		if err != nil {
			return nil, err
		}
		_, err = w.Write(p)
		err = errors.Join(err, w.Close())
		return b.Bytes(), err
	}}
}

// GoZstd is the Zstandard of klauspost/compress.
func GoZstd(level int) Producer {
	return Producer{fmt.Sprintf("klauspost zstd %d", level), "", true, func(p []byte) ([]byte, error) {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithEncoderLevel(zstd.EncoderLevel(level)))
		if err != nil {
			return nil, err
		}
		_, err = w.Write(p)
		err = errors.Join(err, w.Close())
		return b.Bytes(), err
	}}
}

// ZstdProducers are all that write Zstandard.
func ZstdProducers() []Producer {
	return []Producer{
		GoZstd(1), GoZstd(2), GoZstd(4),
		Command("zstd", "-c", "-1"), Command("zstd", "-c", "-3"), Command("zstd", "-c", "-19"),
	}
}
