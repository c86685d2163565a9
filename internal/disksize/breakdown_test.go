package disksize

import "testing"

// FuzzExplain: the terms add up to the disk, and none is negative.
func FuzzExplain(f *testing.F) {
	f.Add(int64(323<<20), int64(0), int64(0), 80, 10)
	f.Add(int64(100<<30), int64(3_000_000), int64(5<<30), 100, 1)
	f.Add(int64(1<<30), int64(50_000_000), int64(0), 1, 7)
	f.Fuzz(func(t *testing.T, required, inodes, writable int64, utilization, step int) {
		r := Request{
			RequiredBytes: required, Inodes: inodes, WritableBytes: writable, MaxUtilizationPercent: utilization,
			RoundToGiB: step,
		}
		disk, err := Recommend(r)
		if err != nil {
			return
		}
		b := disk.Explain(r)
		if sum := b.Required + b.Writable + b.Headroom + b.FileSystem + b.Rounding; sum != disk.SizeGiB*GiB {
			t.Errorf("%+v comes to %d, not to %d GiB", b, sum, disk.SizeGiB)
		}
		for _, term := range []int64{b.Required, b.Writable, b.Headroom, b.FileSystem, b.Rounding} {
			if term < 0 {
				t.Errorf("%+v: %+v", r, b)
			}
		}
	})
}

func TestADiskForManyFilesSaysSo(t *testing.T) {
	t.Parallel()
	for inodes, want := range map[int64]bool{1000: false, 1_310_000: false, 2_000_000: true} {
		r := Request{RequiredBytes: GiB, Inodes: inodes, MaxUtilizationPercent: 80, RoundToGiB: 10}
		disk, err := Recommend(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := disk.Explain(r).ForFiles; got != want {
			t.Errorf("%d files: %t", inodes, got)
		}
	}
}
