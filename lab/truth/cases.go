//go:build linux

package main

import (
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// trialCase is a line of the table: images that each containerd pulls one after the other.
type trialCase struct {
	title  string
	small  bool // quick enough for every day
	images []imagePlan

	freeGiB int64 // the case is left out where less disk is free

	// inexact says that streaming itself does not call its count exact: it remembers a million
	// names, and no more.
	inexact bool

	// holes says that files are sparse, and take their full size on the disk: streaming sees that,
	// samples cannot.
	holes bool

	// real says that packages which people install were packed by tools that people use: the
	// narrower claims are made of these.
	real bool

	// hides says that much of the unpacked data stands in next to none of the compressed data: no
	// sample meets it, and nothing but the bounds is claimed of auto.
	hides bool
}

// imagePlan is an image: its layers, the lowest first.
type imagePlan struct {
	layers []*part
	other  []*part // of another platform, behind one index; nil for none

	// produce builds the image from the tars of the layers; nil for our own packings.
	produce producer
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// listCases lists the images that the number is checked on: what images are made of, and what has
// misled such numbers before. The cache is the folder with packages of Debian and npm.
func listCases(cache string) []trialCase {
	base := minimalDebian(cache).asRecipe()
	return slices.Concat(listDebianCases(base), listShapeCases(base), listGiantCases(), listProductCases(cache))
}

// newCase returns a case of one image with one layer.
func newCase(title string, small bool, tar recipe, pack packing) trialCase {
	return trialCase{title: title, small: small, images: []imagePlan{{layers: []*part{{tar, pack}}}}}
}

// newSparseCase returns a case of one sparse file, size bytes long.
func newSparseCase(title string, small bool, size int64) trialCase {
	c := newCase(title, small, makeSparseFile(size), packGzip)
	c.holes = true
	return c
}

// expectInexact marks a case whose layers streaming does not count exactly.
func expectInexact(c trialCase) trialCase {
	c.inexact = true
	return c
}

// expectHidden marks a case whose data no sample meets.
func expectHidden(c trialCase) trialCase {
	c.hides = true
	return c
}

// ordinary are the contents that most images hold.
var ordinary = []*content{text, text, text, noise, noise, halves, halves, records}

// listDebianCases lists one file system, packed in every way.
func listDebianCases(base recipe) []trialCase {
	return []trialCase{
		newCase("Debian, gzip", true, base, packGzip),
		newCase("Debian, zstd", true, base, packZstd),
		newCase("Debian, uncompressed", true, base, packPlain),
		newWeightedCase("Debian and weights, eStargz", base, packStargz),
		newCase("Debian, gzip of many members", false, base, packMembers(4*mib)),
	}
}

// newWeightedCase returns a case with a second layer, so that both together are beyond the budget
// within which auto streams: a table of contents is then all that auto reads.
func newWeightedCase(title string, base recipe, pack packing) trialCase {
	layers := []*part{{base, pack}, {makeModels(14, 2, 24*mib, noise), pack}}
	return trialCase{title: title, small: true, images: []imagePlan{{layers: layers}}}
}

// listShapeCases lists trees in which the tar's length says little about the disk.
func listShapeCases(base recipe) []trialCase {
	return []trialCase{
		newCase("100,000 files of 100 bytes", true, makeTinyFiles(1000, 100), packGzip),
		// More than the smallest disk has inodes for.
		expectInexact(newCase("1,600,000 files of 100 bytes", false, makeTinyFiles(1600, 1000), packGzip)),
		newCase("40,000 files in one directory", false, makeCrowdedDirectory(40_000), packGzip),
		newCase("20,000 symbolic links, half of them long", false, makeSymlinks(20_000), packGzip),
		newCase("12,000 files with extended attributes", false, makeAttributedFiles(12_000), packGzip),
		newCase("hard links", true, makeHardlinks(), packGzip),
		newSparseCase("a sparse file of 512 MiB, PAX sparse", true, 512*mib),
		{title: "60 layers with whiteouts", small: true, images: []imagePlan{{layers: makeWhiteouts(60)}}},
		{title: "three images that share layers", small: true, images: planSharedLayers(base)},
		{title: "an index of two platforms", small: true, images: []imagePlan{{
			layers: []*part{{makeModels(11, 1, 60*mib, noise), packGzip}},
			other:  []*part{{makeModels(12, 1, 70*mib, noise), packGzip}},
		}}},
		newCase("mixed data of 320 MiB, gzip", true, makeMixture(13, 320*mib, ordinary...), packGzip),
	}
}

var (
	pigz3 = packWith(types.OCILayer, "pigz", "-c", "-3")
	zstd3 = packWith(types.OCILayerZStd, "zstd", "-c", "-q", "-3", "-T0")
)

// listGiantCases lists layers as large as those of AI images.
func listGiantCases() []trialCase {
	return []trialCase{
		newCase("3 GiB of random weights, gzip", false, makeModels(21, 3, gib, noise), packGzip),
		newCase("4.5 GiB at a ratio of 2, pigz", false, makeModels(22, 9, gib/2, halves), pigz3),
		newCase("4.5 GiB at a ratio of 190, pigz", false, makeModels(23, 9, gib/2, periodic), pigz3),
		newCase("mixed data of 2 GiB, zstd", false, makeMixture(24, 2*gib, ordinary...), zstd3),
		newCase(
			"mixed data of 2 GiB, gzip of many members", false, makeMixture(25, 2*gib, ordinary...),
			packMembers(64*mib),
		),
		expectHidden(newCase(
			"2 GiB, a fourth of which compresses to nothing, zstd", false,
			makeMixture(26, 2*gib, text, noise, noise, halves, halves, text, periodic, zeros), zstd3,
		)),
		newSparseCase("a sparse file of 2 GiB, PAX sparse", false, 2*gib),
		// Beyond the 20 GiB that a Pod gets anyway: here the recommendation is tried, not only the
		// number.
		{title: "12 GiB at a ratio of 2 in three layers, zstd", images: []imagePlan{{layers: []*part{
			{makeModels(27, 8, gib/2, halves), zstd3}, {makeModels(28, 8, gib/2, halves), zstd3},
			{makeModels(29, 8, gib/2, halves), zstd3},
		}}}},
		newCase("26 GiB at a ratio of 190, pigz", false, makeModels(30, 52, gib/2, periodic), pigz3),
	}
}
