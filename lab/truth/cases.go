//go:build linux

package main

import (
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// trialCase is a line of the table: images that one containerd pulls one after the other.
type trialCase struct {
	title  string
	small  bool // quick enough for every day
	images []plan

	freeGiB int64 // the case is left out where less disk is free

	// inexact says that streaming itself does not call its count exact: it remembers a million names, and no more.
	inexact bool

	// holes says that files are sparse, and take their full size on the disk: streaming sees that, samples cannot.
	holes bool

	// real says that packages which people install were packed by tools that people use: the narrower claims are made of these.
	real bool

	// hides says that much of the unpacked data stands in next to none of the compressed data: no sample meets it, and nothing but
	// the bounds is claimed of auto.
	hides bool
}

// plan is an image: its layers, the lowest first.
type plan struct {
	layers []*part
	other  []*part // of another platform, behind one index; nil for none

	// produce builds the image of the layers' tars; nil for our own packings.
	produce producer
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// corpus lists the images that the number is checked on: what images are made of, and what has misled such numbers before.
func corpus(cache string) []trialCase {
	base := minimalDebian(cache).recipe()
	return slices.Concat(debians(base), shapes(base), giants(), products(cache))
}

func one(title string, small bool, tar recipe, pack packing) trialCase {
	return trialCase{title: title, small: small, images: []plan{{layers: []*part{{tar, pack}}}}}
}

func sparsely(title string, small bool, size int64) trialCase {
	c := one(title, small, sparse(size), gzipped)
	c.holes = true
	return c
}

func uncounted(c trialCase) trialCase {
	c.inexact = true
	return c
}

func hiding(c trialCase) trialCase {
	c.hides = true
	return c
}

// ordinary is what most images hold.
var ordinary = []*content{text, text, text, noise, noise, halves, halves, records}

// debians are one file system, packed in every way.
func debians(base recipe) []trialCase {
	return []trialCase{
		one("Debian, gzip", true, base, gzipped),
		one("Debian, zstd", true, base, zstandard),
		one("Debian, uncompressed", true, base, plain),
		weighted("Debian and weights, eStargz", base, stargz),
		one("Debian, gzip of many members", false, base, members(4*mib)),
	}
}

// weighted has a second layer, so that both together are beyond the budget within which auto streams: a table of contents is then
// all that it reads.
func weighted(title string, base recipe, pack packing) trialCase {
	return trialCase{title: title, small: true, images: []plan{{layers: []*part{{base, pack}, {models(14, 2, 24*mib, noise), pack}}}}}
}

// shapes are trees in which the tar's length says little about the disk.
func shapes(base recipe) []trialCase {
	return []trialCase{
		one("100,000 files of 100 bytes", true, tinyFiles(1000, 100), gzipped),
		uncounted(one("1,600,000 files of 100 bytes", false, tinyFiles(1600, 1000), gzipped)), // more than the smallest disk has inodes for
		one("40,000 files in one directory", false, crowded(40_000), gzipped),
		one("20,000 symbolic links, half of them long", false, symlinks(20_000), gzipped),
		one("12,000 files with extended attributes", false, attributes(12_000), gzipped),
		one("hard links", true, hardlinks(), gzipped),
		sparsely("a sparse file of 512 MiB, PAX sparse", true, 512*mib),
		{title: "60 layers with whiteouts", small: true, images: []plan{{layers: whiteouts(60)}}},
		{title: "three images that share layers", small: true, images: shared(base)},
		{title: "an index of two platforms", small: true, images: []plan{{
			layers: []*part{{models(11, 1, 60*mib, noise), gzipped}},
			other:  []*part{{models(12, 1, 70*mib, noise), gzipped}},
		}}},
		one("mixed data of 320 MiB, gzip", true, mixed(13, 320*mib, ordinary...), gzipped),
	}
}

var (
	pigz3 = by(types.OCILayer, "pigz", "-c", "-3")
	zstd3 = by(types.OCILayerZStd, "zstd", "-c", "-q", "-3", "-T0")
)

// giants are what AI images bring.
func giants() []trialCase {
	return []trialCase{
		one("3 GiB of random weights, gzip", false, models(21, 3, gib, noise), gzipped),
		one("4.5 GiB at a ratio of 2, pigz", false, models(22, 9, gib/2, halves), pigz3),
		one("4.5 GiB at a ratio of 190, pigz", false, models(23, 9, gib/2, periodic), pigz3),
		one("mixed data of 2 GiB, zstd", false, mixed(24, 2*gib, ordinary...), zstd3),
		one("mixed data of 2 GiB, gzip of many members", false, mixed(25, 2*gib, ordinary...), members(64*mib)),
		hiding(one("2 GiB, a fourth of which compresses to nothing, zstd", false, mixed(26, 2*gib, text, noise, noise, halves, halves, text, periodic, zeros), zstd3)),
		sparsely("a sparse file of 2 GiB, PAX sparse", false, 2*gib),
		// Beyond the 20 GiB that a Pod gets anyway: here the recommendation is tried, not only the number.
		{title: "12 GiB at a ratio of 2 in three layers, zstd", images: []plan{{layers: []*part{
			{models(27, 8, gib/2, halves), zstd3}, {models(28, 8, gib/2, halves), zstd3}, {models(29, 8, gib/2, halves), zstd3},
		}}}},
		one("26 GiB at a ratio of 190, pigz", false, models(30, 52, gib/2, periodic), pigz3),
	}
}
