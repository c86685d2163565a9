// Package disksize turns what must be stored into the disk to order.
//
// The question has three parts, one file each. bytes.go rounds and adds: blobs
// and unpacked files take whole blocks of the file system, and sums of what
// others claim must not overflow. ext4.go says what a disk really offers: a disk
// of 20 GiB, formatted as ext4 by mke2fs with its defaults, lets root write
// 19,970 MiB in 1,310,709 files, and not a byte or a file more. This file puts
// the two together and finds the smallest disk that serves.
//
// Smallest means: of the sizes that can be ordered, the least whose usable space,
// times the utilization, holds what is required and what the containers write,
// and whose free inodes suffice. That is stricter than dividing the need by the
// utilization and rounding up, because the file system's own share grows with the
// disk: the margin is taken from what can be used, not from what was bought.
//
// The package knows no images, no registries and no Terraform; it imports the
// standard library alone, and every function is pure.
package disksize

// The disks that can be ordered, and what is assumed where nothing was said.
const (
	MinGiB = 20    // the disk that every Pod gets, free of charge
	MaxGiB = 32000 // the largest cloud disk

	DefaultMaxUtilizationPercent = 80 // super nodes remove images from here on
	DefaultRoundToGiB            = 10 // a step that every kind of cloud disk takes

	GiB = 1 << 30
)

// Request is what a disk must hold and how disks may be cut.
type Request struct {
	RequiredBytes         int64 // what containerd holds: the upper bound of what was measured
	Inodes                int64 // files, directories and links; 0 when unknown
	WritableBytes         int64 // what the containers write
	MaxUtilizationPercent int   // 1 to 100: how full the usable space may become
	RoundToGiB            int   // 1 to MaxGiB: sizes above MinGiB are multiples of this
}

// Recommendation is the smallest disk for a Request, with what it offers.
type Recommendation struct {
	SizeGiB     int64
	BillableGiB int64 // what is above the free MinGiB
	FileSystem        // of that size, fresh
}

// FitsDefaultDisk reports whether the free disk serves.
func (r Recommendation) FitsDefaultDisk() bool { return r.SizeGiB <= MinGiB }

// Recommend finds the smallest disk that holds the request. The error is an
// *InvalidError for an argument out of range, or a *TooLargeError when no disk
// is large enough.
func Recommend(r Request) (Recommendation, error) {
	if err := r.validate(); err != nil {
		return Recommendation{}, err
	}
	need, ok := r.neededBytes()
	if !ok {
		return Recommendation{}, &TooLargeError{Request: r}
	}
	for size := r.firstSize(need); size <= MaxGiB; size = r.nextSize(size) {
		fs := Ext4(size)
		if fs.canHold(need, r.Inodes, r.MaxUtilizationPercent) {
			return Recommendation{SizeGiB: size, BillableGiB: size - MinGiB, FileSystem: fs}, nil
		}
	}
	return Recommendation{}, &TooLargeError{Request: r}
}

// neededBytes is the sum to be held; false when it is more than any disk offers, which
// includes every sum that would overflow.
func (r Request) neededBytes() (int64, bool) {
	need, err := Sum(r.RequiredBytes, r.WritableBytes)
	if err != nil || need > MaxGiB*GiB {
		return 0, false
	}
	return need, true
}

// firstSize is a size at or below the answer: the search need not begin at the
// bottom, because no file system offers more bytes than its disk has, nor more
// inodes than one per bytesPerInode. From there on a few steps suffice.
func (r Request) firstSize(need int64) int64 {
	byBytes := ceilDiv(need*100, int64(r.MaxUtilizationPercent)*GiB)
	byInodes := r.Inodes / (GiB / bytesPerInode)
	least := max(byBytes, byInodes)
	if least <= MinGiB {
		return MinGiB
	}
	step := int64(r.RoundToGiB)
	return ceilDiv(least, step) * step
}

// nextSize is the size that can be ordered after this one. The free disk needs not be
// a multiple of the rounding: it is what everyone gets.
func (r Request) nextSize(size int64) int64 {
	step := int64(r.RoundToGiB)
	return (size/step + 1) * step
}

// canHold reports whether the file system, filled to no more than percent, takes
// this many bytes and inodes.
func (fs FileSystem) canHold(bytes, inodes int64, percent int) bool {
	return fs.UsableBytes*int64(percent)/100 >= bytes && fs.FreeInodes >= inodes
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }
