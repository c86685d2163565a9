package inventory

import (
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ext4"
)

// noteOddity notes what is not certain about the layer, in words for Measurement.Note.
func (v *Inventory) noteOddity(problem string) {
	if !slices.Contains(v.problems, problem) {
		v.problems = append(v.problems, problem)
	}
}

// refuseEntry notes that containerd does not unpack the layer because of an entry.
func (v *Inventory) refuseEntry(name string, reason layersize.Reason) {
	if len(v.refusals) < layersize.RefusalsKept {
		v.refusals = append(v.refusals, layersize.Refusal{Entry: layersize.QuoteName(name), Reason: reason})
	}
}

// RefuseLayer notes why containerd does not unpack the layer as a whole.
func (v *Inventory) RefuseLayer(reasons ...layersize.Reason) {
	for _, reason := range reasons {
		v.refusals = append(v.refusals, layersize.Refusal{Reason: reason})
	}
}

// Measurement is the inventory's part of the answer.
func (v *Inventory) Measurement() layersize.Measurement {
	v.checkListed()
	least, most := v.directorySlack()
	count := v.Count
	disk := layersize.Interval{
		Value: v.blocks * disksize.BlockSize,
		Min:   max(0, v.blocks-v.below-least) * disksize.BlockSize,
		Max:   (v.blocks + v.above + most) * disksize.BlockSize,
	}
	return layersize.Measurement{
		DiskBytes: disk,
		Inodes:    &count, LikelyInodes: count,
		Exact:     len(v.problems) == 0 && len(v.refusals) == 0 && disk.Min == disk.Max,
		Note:      strings.Join(v.problems, "; "),
		Refusals:  v.refusals,
		Whiteouts: v.whiteouts,
		Opaque:    v.opaque,
	}
}

// directorySlack is how many blocks fewer, and how many more, the directories may take than is
// expected of them.
func (v *Inventory) directorySlack() (fewer, more int64) {
	for id := range v.inodes.len {
		n := v.inodes.itemAt(id)
		if n.links&flagDirectory == 0 || n.use <= ext4.TwoLeaves {
			continue
		}
		expected := ext4.DirectoryBlocks(int64(n.use))
		least, most := ext4.DirectoryBounds(int64(n.use))
		fewer += max(0, expected-least)
		more += max(0, most-expected)
	}
	return fewer, more
}

// checkListed looks whether every directory that was listed is still there, if one was ever
// replaced: containerd sets the times of each in the end, and follows a symbolic link for that.
func (v *Inventory) checkListed() {
	if v.lost == "" {
		return
	}
	for i := range v.nodes.len {
		n := v.nodes.itemAt(i)
		switch {
		case n.parent&flagListed == 0:
		case n.inode == 0:
			v.refuseEntry(v.lost, layersize.RefusedLostDirectory)
			return
		case v.inodes.itemAt(n.inode).links&flagSymlink != 0:
			v.noteOddity(oddFollowed)
		}
	}
}
