// Package sampling reads windows in the middle of a compressed layer, within a budget, until what
// package estimate infers from them is known well enough.
//
// A window is one range read. The stream is cut into equal strata, and each holds one window at a
// random offset, which scatters less than offsets drawn over the whole. The offsets come from a
// generator seeded with the stream's size and its last bytes, so that a layer gives the same answer
// every time. What windows of gzip hold is decoded by package deflate, those of Zstandard by
// package zstdblock.
//
// In Zstandard, runs of short blocks, as zeros are packed, are looked for by probes of 64 bytes on
// a grid, where one request serves many of them, and by windows; both their ends are found by
// halving (zstdruns.go). From window to window, block headers are followed by reading some bytes at
// each.
package sampling
