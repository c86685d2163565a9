// Package packtest makes data of many kinds for tests, and has the tools that pack layers.
package packtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Material makes tars of one kind of data.
type Material struct {
	Name string
	Make func(r *rand.Rand, n int) (data []byte, files int64)
}

// Materials are data of all kinds.
func Materials() []Material {
	return []Material{
		{"random", withoutFiles(RandomBytes)},
		{"weights", withoutFiles(makeWeights16)},
		{"weights32", withoutFiles(makeWeights32)},
		{"source", readTree(filepath.Join(goroot(), "src"), ".go")},
		{"binaries", readBinaries(filepath.Join(goroot(), "pkg", "tool"), filepath.Join(goroot(), "bin"))},
		{"json", withoutFiles(JSONLines)},
		{"tiny files", TinyFiles},
		{"archives", makeArchives},
		{"repeated", withoutFiles(makeRepeated)},
		{"pages", withoutFiles(makePages)},
	}
}

// goroot asks the go command: a test that was built with -trimpath does not know.
var goroot = sync.OnceValue(func() string {
	output, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(output))
})

// TarOf returns a tar of files, and how many they are.
func TarOf(files ...[]byte) ([]byte, int64) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i, p := range files {
		name := fmt.Sprintf("usr/lib/thing/%d/file-%d", i%7, i)
		_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(p)), Typeflag: tar.TypeReg})
		_, _ = w.Write(p)
	}
	_ = w.Flush()
	return b.Bytes(), int64(len(files))
}

// withoutFiles makes a material of bytes that are no tar.
func withoutFiles(f func(r *rand.Rand, n int) []byte) func(r *rand.Rand, n int) ([]byte, int64) {
	return func(r *rand.Rand, n int) ([]byte, int64) { return f(r, n), 0 }
}

// RandomBytes returns n bytes that do not compress.
func RandomBytes(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(p[i:], r.Uint64())
	}
	return p
}

// makeWeights16 returns n bytes of normally distributed numbers of half precision (bfloat16).
func makeWeights16(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := 0; i+2 <= n; i += 2 {
		binary.LittleEndian.PutUint16(p[i:], uint16(math.Float32bits(float32(r.NormFloat64()*0.02))>>16))
	}
	return p
}

// makeWeights32 returns n bytes of normally distributed numbers of single precision.
func makeWeights32(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := 0; i+4 <= n; i += 4 {
		binary.LittleEndian.PutUint32(p[i:], math.Float32bits(float32(r.NormFloat64()*0.02)))
	}
	return p
}

var words = strings.Fields("registry layer image cache snapshot size error warning container node request response " +
	"latency bytes digest manifest time level info")

// JSONLines returns n bytes of a log.
func JSONLines(r *rand.Rand, n int) []byte {
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"time":"2024-%02d-%02dT%02d:%02d:%02dZ",`,
			1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
		fmt.Fprintf(&b, `"level":"%s","id":%d,"value":%.4f,"message":"%s %s %s"}`+"\n",
			words[r.IntN(3)], r.IntN(1e6), r.Float64(),
			words[r.IntN(len(words))], words[r.IntN(len(words))], words[r.IntN(len(words))])
	}
	return b.Bytes()[:n]
}

// TinyFiles returns a tar of files of less than a kilobyte, and how many they are.
func TinyFiles(r *rand.Rand, n int) ([]byte, int64) {
	var files [][]byte
	for total := 0; total < n; {
		f := JSONLines(r, 50+r.IntN(900))
		files = append(files, f)
		total += 512 + (len(f)+511)/512*512
	}
	return TarOf(files...)
}

// makeArchives returns a tar of gzip files, which a layer's compressor stores as they are.
func makeArchives(r *rand.Rand, n int) ([]byte, int64) {
	var files [][]byte
	for total := 0; total < n; {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, 1+r.IntN(9))
		_, _ = w.Write(JSONLines(r, 200_000+r.IntN(3_000_000)))
		_ = w.Close()
		files = append(files, b.Bytes())
		total += b.Len()
	}
	return TarOf(files...)
}

// makeRepeated returns n bytes that repeat one random block of 64 bytes to 8 KiB.
func makeRepeated(r *rand.Rand, n int) []byte {
	block := RandomBytes(r, 64<<r.IntN(8))
	p := make([]byte, 0, n+len(block))
	for len(p) < n {
		p = append(p, block...)
	}
	return p[:n]
}

// makePages returns n random bytes, a third of whose pages of 4 KiB are zeros.
func makePages(r *rand.Rand, n int) []byte {
	p := RandomBytes(r, n)
	for i := 0; i+4096 <= n; i += 4096 {
		if r.IntN(3) == 0 {
			clear(p[i : i+4096])
		}
	}
	return p
}

// readTree makes tars of the files with a suffix below a directory.
func readTree(root, suffix string) func(r *rand.Rand, n int) ([]byte, int64) {
	var names []string
	return func(r *rand.Rand, n int) ([]byte, int64) {
		if names == nil {
			_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() && strings.HasSuffix(p, suffix) && len(names) < 3000 {
					names = append(names, p)
				}
				return nil
			})
		}
		var files [][]byte
		for at, total := r.IntN(len(names)), 0; total < n; at = (at + 1) % len(names) {
			p, _ := os.ReadFile(names[at])
			files = append(files, p)
			total += 512 + len(p)
		}
		return TarOf(files...)
	}
}

// readBinaries returns pieces of the files below directories.
func readBinaries(dirs ...string) func(r *rand.Rand, n int) ([]byte, int64) {
	var all []byte
	return func(r *rand.Rand, n int) ([]byte, int64) {
		for _, dir := range dirs {
			_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() && len(all) < 48<<20 {
					b, _ := os.ReadFile(p)
					all = append(all, b...)
				}
				return nil
			})
		}
		at := r.IntN(max(1, len(all)-n))
		return all[at:min(len(all), at+n)], 0
	}
}
