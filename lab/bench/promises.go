package main

import (
	"errors"
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
)

// checkPromises checks what does not depend on the machine, and the little of the rest that is far
// from any limit.
func (f *figures) checkPromises() error {
	var broken []error
	promise := func(kept bool, format string, arguments ...any) {
		if !kept {
			broken = append(broken, fmt.Errorf(format, arguments...))
		}
	}
	checkStarts(f.Starts[0], f.Starts[1], promise)
	broken = append(broken, checkRefresh(f.Refreshes))
	promise(f.Waiting.Calls*maxWaitingPart <= f.Waiting.Pollers,
		"%d calls while waiting, where one poller for each cache makes %d", f.Waiting.Calls, f.Waiting.Pollers)
	promise(f.Waiting.Median <= maxWaited, "the end of an apply came %s after its cache was ready", f.Waiting.Median)
	for _, s := range f.Streamed {
		promise(s.Full <= s.Gzip, "full took %s for %d layers, gzip %s", s.Full, s.Layers, s.Gzip)
	}
	if image := f.OneLayer(10); image != nil {
		promise(image.SampleOfFull() <= maxSampledPart, "sample took %.1f %% of the time of full", image.SampleOfFull())
	}
	broken = append(broken, f.checkBaseline())
	for _, image := range f.Images {
		row, most := image.Row(string(measure.Sample)), int64(maxSampledBytes)
		if image.Layers > 1 {
			most = measure.DefaultReadBudget + maxDocumentBytes
		}
		promise(
			row.Bytes <= most, "sample read %d bytes of an image of %g GiB in %d layers", row.Bytes, image.GiB,
			image.Layers,
		)
	}
	return errors.Join(broken...)
}

// checkStarts compares a start of the provider with its limits and with that of an empty provider.
func checkStarts(own, floor startFigures, promise func(kept bool, format string, arguments ...any)) {
	promise(own.Binary <= maxBinaryBytes, "the binary has %d bytes", own.Binary)
	promise(own.Schema <= maxStart, "the schema was answered after %s", own.Schema)
	promise(
		own.Schema <= maxOfFloor*floor.Schema, "the schema was answered after %s, that of an empty provider after %s",
		own.Schema, floor.Schema,
	)
	promise(
		own.Resident <= maxOfFloor*floor.Resident, "a start takes %d bytes of memory, that of an empty provider %d",
		own.Resident, floor.Resident,
	)
}
