package layersize

import (
	"slices"
	"strings"
)

// odd notes what is not certain about the layer, in words for Measurement.Note.
func (v *inventory) odd(problem string) {
	if !slices.Contains(v.problems, problem) {
		v.problems = append(v.problems, problem)
	}
}

// refuse notes that containerd does not unpack the layer because of an entry.
func (v *inventory) refuse(name string, reason Reason) {
	if len(v.refusals) < refusalsKept {
		v.refusals = append(v.refusals, Refusal{Entry: quoteName(name), Reason: reason})
	}
}

// refuseLayer notes why containerd does not unpack the layer as a whole.
func (v *inventory) refuseLayer(reasons ...Reason) {
	for _, reason := range reasons {
		v.refusals = append(v.refusals, Refusal{Reason: reason})
	}
}

// measurement is the inventory's part of the answer.
func (v *inventory) measurement() Measurement {
	v.checkListed()
	least, most := v.directorySlack()
	count := v.count
	disk := Interval{
		Value: v.blocks * blockSize,
		Min:   max(0, v.blocks-v.below-least) * blockSize,
		Max:   (v.blocks + v.above + most) * blockSize,
	}
	return Measurement{
		DiskBytes: disk,
		Inodes:    &count, LikelyInodes: count,
		Exact:     len(v.problems) == 0 && len(v.refusals) == 0 && disk.Min == disk.Max,
		Note:      strings.Join(v.problems, "; "),
		Refusals:  v.refusals,
		Whiteouts: v.whiteouts,
		Opaque:    v.opaque,
	}
}

// directorySlack is how many blocks fewer, and how many more, the directories may take than is expected of them.
func (v *inventory) directorySlack() (fewer, more int64) {
	for id := range v.inodes.len {
		n := v.inodes.at(id)
		if n.links&flagDirectory == 0 || n.use <= twoLeaves {
			continue
		}
		expected := directoryBlocks(int64(n.use))
		least, most := directoryBounds(int64(n.use))
		fewer += max(0, expected-least)
		more += max(0, most-expected)
	}
	return fewer, more
}

// checkListed looks whether every directory that was listed is still there, if one was ever replaced.
func (v *inventory) checkListed() {
	if v.lost == "" {
		return
	}
	for i := range v.nodes.len {
		if n := v.nodes.at(i); n.parent&flagListed != 0 && n.inode == 0 {
			v.refuse(v.lost, RefusedLostDirectory)
			return
		}
	}
}
