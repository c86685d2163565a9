#!/usr/bin/env bash
# How a long run of zeros is written as Zstandard differs by encoder and level, and not every one uses RLE blocks (RFC 8878, section
# 3.1.1.2.2), which take 4 bytes for 128 KiB: klauspost/compress v1.20.3 writes compressed blocks of 13 or 14 bytes at its two faster
# levels (the default among them, which Go programs use), of 64 KiB each at the fastest, and RLE blocks at the two better ones.
# A reader that looks for zeros by RLE headers alone misses what such programs write.
# For 64 MiB of zeros: level, size of the stream, blocks by type (raw, RLE, compressed), bytes of the second block with its header.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >go.mod <<'M'
module finding

go 1.25

require github.com/klauspost/compress v1.20.3
M
cat >main.go <<'M'
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"

	"github.com/klauspost/compress/zstd"
)

func main() {
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
		var out bytes.Buffer
		encoder, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
		check(err)
		_, err = io.CopyN(encoder, zeros{}, 64<<20)
		check(err)
		check(encoder.Close())
		var types [3]int
		second := 0
		for at, n := frameHeader(out.Bytes()), 0; ; n++ {
			header := int(out.Bytes()[at]) | int(out.Bytes()[at+1])<<8 | int(out.Bytes()[at+2])<<16
			kind, size := header>>1&3, header>>3
			types[kind]++
			if kind == 1 {
				size = 1
			}
			if n == 1 {
				second = 3 + size
			}
			if at += 3 + size; header&1 == 1 {
				break
			}
		}
		fmt.Println(level, out.Len(), types, second)
	}
}

// frameHeader returns the length of the first frame's header (RFC 8878, section 3.1.1.1).
func frameHeader(data []byte) int {
	var h zstd.Header
	check(h.Decode(data))
	return h.HeaderSize
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
M
export GOFLAGS=-mod=mod GOWORK=off
seen="$(go run .)"
echo "$seen"
diff <(echo "$seen") - <<'M'
fastest 13316 [1 1 1023] 13
default 7171 [1 1 511] 14
better 2061 [1 512 0] 4
best 2061 [1 512 0] 4
M
