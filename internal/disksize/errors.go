package disksize

import "fmt"

// InvalidError is an argument out of its range.
type InvalidError struct {
	Argument string
	Value    int64
	Want     string
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s is %d, must be %s", e.Argument, e.Value, e.Want)
}

// OverflowError is a sum of sizes that no 64-bit number holds.
type OverflowError struct{}

func (*OverflowError) Error() string { return "the sum of the sizes is beyond 2^63 bytes" }

// TooLargeError is a request that the largest disk does not hold.
type TooLargeError struct{ Request Request }

func (e *TooLargeError) Error() string {
	r := e.Request
	text := fmt.Sprintf("%s and %s to write", formatGiB(r.RequiredBytes), formatGiB(r.WritableBytes))
	if r.Inodes > 0 {
		text += fmt.Sprintf(", in %d files", r.Inodes)
	}
	largest := Ext4(MaxGiB)
	return fmt.Sprintf("no disk holds %s at %d %% utilization in steps of %d GiB: "+
		"the largest, %d GiB, has room for %s and %d files",
		text, r.MaxUtilizationPercent, r.RoundToGiB, MaxGiB,
		formatGiB(largest.UsableBytes/100*int64(r.MaxUtilizationPercent)), largest.FreeInodes)
}

func formatGiB(bytes int64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/GiB) }

func (r Request) validate() error {
	atLeastZero := func(name string, n int64) error {
		if n < 0 {
			return &InvalidError{Argument: name, Value: n, Want: "0 or more"}
		}
		return nil
	}
	within := func(name string, n, high int) error {
		if n < 1 || n > high {
			return &InvalidError{Argument: name, Value: int64(n), Want: fmt.Sprintf("1 to %d", high)}
		}
		return nil
	}
	for _, err := range []error{
		atLeastZero("required bytes", r.RequiredBytes),
		atLeastZero("inodes", r.Inodes),
		atLeastZero("writable bytes", r.WritableBytes),
		within("maximal utilization in percent", r.MaxUtilizationPercent, 100),
		within("rounding in GiB", r.RoundToGiB, MaxGiB),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
