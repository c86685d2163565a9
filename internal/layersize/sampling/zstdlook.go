package sampling

import (
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// sample reads the windows of n strata, as far as the budget goes. It reports whether there is
// anything new.
func (z *zstdSampler) sample(n int) (bool, error) {
	if z.strata == nil {
		z.strata = newStrata(z.size, z.windowSize, z.last[:])
	}
	offsets := slices.DeleteFunc(z.strata.grow(n), z.isInRun)
	offsets = thin(offsets, z.room())
	before := z.read
	found, err := z.look(offsets, z.windowSize, make([][]byte, len(offsets)))
	if err != nil {
		return false, err
	}
	z.looked += z.read - before
	z.Middle = append(z.Middle, found...)
	return len(found) > 0, nil
}

// look reads windows. One in which no header was found is read on, since blocks may be longer than
// a window.
func (z *zstdSampler) look(offsets []int64, length int64, before [][]byte) (found []*estimate.Place, err error) {
	found, open := make([]*estimate.Place, len(offsets)), make([]openWindow, len(offsets))
	windows := make([][]byte, len(offsets))
	places := make([]int64, len(offsets))
	for i, offset := range offsets {
		places[i] = offset + int64(len(before[i]))
	}
	err = z.readEach(places, length, func(i int, data []byte) {
		data = append(slices.Clone(before[i]), data...)
		var weak []zstdblock.WeakChain
		if found[i], weak = z.inside(data, offsets[i]); len(weak) > 0 {
			open[i] = openWindow{view: found[i], data: data, weak: z.strongest(weak)}
		}
		windows[i] = data[:len(data)-transcript.Slack]
	})
	if err != nil {
		return nil, err
	}
	if err := z.confirm(slices.DeleteFunc(open, func(o openWindow) bool { return o.view == nil })); err != nil {
		return nil, err
	}
	for i, v := range found {
		z.windows[v] = windows[i]
	}
	return found, z.readOn(found, windows, length)
}

// readOn makes windows longer that showed no header.
func (z *zstdSampler) readOn(found []*estimate.Place, windows [][]byte, length int64) error {
	var which []int
	var offsets []int64
	var before [][]byte
	for i, v := range found {
		had := int64(len(windows[i]))
		fits := z.cost(int64(len(which)+1), length) <= z.left && v.Offset+had+length <= z.size
		if !v.Decoded && had < leastStretch && fits {
			which, offsets, before = append(which, i), append(offsets, v.Offset), append(before, windows[i])
		}
	}
	if len(which) == 0 {
		return nil
	}
	longer, err := z.look(offsets, length, before)
	for i, v := range longer {
		delete(z.windows, found[which[i]])
		found[which[i]] = v
	}
	return err
}
