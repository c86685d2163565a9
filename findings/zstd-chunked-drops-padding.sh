#!/usr/bin/env bash
# github.com/containers/storage up to v1.51.0 (what skopeo 1.9.3 and buildah 1.28.2 of Debian 12 are built on) writes zstd:chunked layers
# without the zeros that follow the two zero blocks at a tar's end; v1.52.0 writes them. GNU tar and others pad to 10,240 bytes, so the
# unpacked layer is shorter than the tar that was put in and has another digest, while the image's config still names the tar's own as
# diff_id: an image that is copied with --dest-compress-format zstd:chunked is then refused by whatever compares the two, as containerd
# does. The compressor returns no error.
# For tars of the same file, unpadded and padded: bytes in, bytes that come out again, whether they are the same.
# Output seen on 2026-11-27:
#   v1.51.0 7680 7680 true
#   v1.51.0 10240 7680 false
#   v1.52.0 7680 7680 true
#   v1.52.0 10240 10240 true
set -euo pipefail
folder="$(mktemp -d)"
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'M'
package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"log"

	"github.com/containers/storage/pkg/chunked/compressor"
	"github.com/klauspost/compress/zstd"
)

func main() {
	content := bytes.Repeat([]byte("hello\n"), 1000)
	var unpadded bytes.Buffer
	archive := tar.NewWriter(&unpadded)
	check(archive.WriteHeader(&tar.Header{Name: "motd", Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}))
	_, err := archive.Write(content)
	check(err)
	check(archive.Close())
	padded := append(bytes.Clone(unpadded.Bytes()), make([]byte, 10240-unpadded.Len())...)

	for _, in := range [][]byte{unpadded.Bytes(), padded} {
		var layer bytes.Buffer
		level := 3
		compressed, err := compressor.ZstdCompressor(&layer, map[string]string{}, &level)
		check(err)
		_, err = compressed.Write(in)
		check(err)
		check(compressed.Close())
		stream, err := zstd.NewReader(&layer)
		check(err)
		out, err := io.ReadAll(stream)
		check(err)
		fmt.Println(len(in), len(out), bytes.Equal(in, out))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
M
for version in v1.51.0 v1.52.0; do
  printf 'module finding\n\ngo 1.25\n\nrequire (\n\tgithub.com/containers/storage %s\n\tgithub.com/klauspost/compress v1.17.8\n)\n' "$version" >go.mod
  rm -f go.sum
  go mod tidy >/dev/null 2>&1
  CGO_ENABLED=0 go run . | sed "s/^/$version /"
done | tee seen
cat >expected <<'W'
v1.51.0 7680 7680 true
v1.51.0 10240 7680 false
v1.52.0 7680 7680 true
v1.52.0 10240 10240 true
W
diff expected seen
