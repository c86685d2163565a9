// Package giant makes images of any size that take neither disk nor memory: the bytes of their
// layers are computed when they are read, at any place, and a registry serves them.
//
// A layer is one gzip member whose deflate stream is put together from pieces (RFC 1951: a piece
// that ends with an empty stored block ends on a byte, and refers to nothing before its own start).
// The same few pieces come again and again, in an order that a seed decides: most are noise, as the
// quantized weights of a model are for a compressor, and the rest are source trees.
//
// A Splicer makes layers of content that others bring, gzip and Zstandard (splice.go).
package giant

import (
	"archive/tar"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

const (
	pieceBytes   = 4 << 20 // unpacked
	weightPieces = 16      // at most, of one file of weights
	treePieces   = 8       // at most, one after the other
	filesOfTree  = 400
)

// piece is a part of a layer, packed.
type piece struct {
	packed   []byte
	unpacked int64
}

// pieces are made once, from fixed seeds.
var pieces = sync.OnceValue(func() (made struct{ noise, trees []piece }) {
	for seed := range uint64(6) {
		content := make([]byte, pieceBytes)
		fillNoise(rand.New(rand.NewPCG(seed, 1)), content)
		made.noise = append(made.noise, packPiece(content))
	}
	for seed := range uint64(6) {
		made.trees = append(made.trees, packPiece(makeTree(seed)))
	}
	return made
})

func fillNoise(random *rand.Rand, p []byte) {
	for i := 0; i+8 <= len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], random.Uint64())
	}
}

// makeTree makes a part of a tar: a directory with files of source code.
func makeTree(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 2))
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	name := fmt.Sprintf("usr/lib/tree%d/", seed)
	writeHeader(w, tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755})
	for i := range filesOfTree {
		text := make([]byte, 512+random.IntN(2*(pieceBytes/filesOfTree-1024)))
		for at := range text {
			text[at] = "eeeetttaaoinshrdlucm\n  (){}.,;=0123"[random.Uint32()%35]
		}
		for at := 0; at+64 < len(text); at += 96 { // words that come again, as in source code
			copy(text[at:at+64], text[random.IntN(at+1):])
		}
		writeHeader(w, tar.Header{
			Typeflag: tar.TypeReg, Name: fmt.Sprintf("%sfile%d.py", name, i), Size: int64(len(text)), Mode: 0o644,
		})
		mustWrite(w.Write(text))
	}
	mustWrite(0, w.Flush())
	return out.Bytes()
}

func writeHeader(w *tar.Writer, h tar.Header) { mustWrite(0, w.WriteHeader(&h)) }

// mustWrite is for writing into memory, which does not fail.
func mustWrite(_ int, err error) {
	if err != nil {
		panic(err)
	}
}

// packPiece compresses a piece for itself.
func packPiece(unpacked []byte) piece {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.DefaultCompression)
	mustWrite(0, err)
	mustWrite(w.Write(unpacked))
	mustWrite(0, w.Flush())
	return piece{packed: slices.Clip(out.Bytes()), unpacked: int64(len(unpacked))}
}

// NewLayer makes a layer whose blob has about so many bytes. Seeds that differ make layers that
// differ.
func NewLayer(seed uint64, size int64) *Layer {
	l := newLayer(Gzip, fmt.Sprintf("layer %d, %d bytes", seed, size))
	random := rand.New(rand.NewPCG(seed, 3))
	for n := 0; l.Size < size-pieceBytes || n == 0; n++ {
		if random.IntN(2) == 0 {
			for range min(treePieces, 1+(size-l.Size)/pieceBytes/2) {
				l.addPiece(pieces().trees[random.IntN(len(pieces().trees))])
			}
			continue
		}
		l.addWeights(
			fmt.Sprintf("models/%d/part-%d.safetensors", seed, n),
			int(max(1, min(weightPieces, (size-l.Size)/pieceBytes))), random,
		)
	}
	l.addPiece(packPiece(make([]byte, endOfTar)))
	l.finish()
	return l
}

// addWeights adds one file of noise.
func (l *Layer) addWeights(name string, count int, random *rand.Rand) {
	var out bytes.Buffer
	writeHeader(tar.NewWriter(&out), tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: int64(count) * pieceBytes, Mode: 0o644,
	})
	l.addPiece(packPiece(out.Bytes()))
	for range count {
		l.addPiece(pieces().noise[random.IntN(len(pieces().noise))])
	}
}

func (l *Layer) addPiece(p piece) { l.addBytes(p.packed, p.unpacked) }
