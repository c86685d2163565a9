package disksize

import (
	"errors"
	"math"
	"testing"
)

func request(required int64) Request {
	return Request{
		RequiredBytes:         required,
		MaxUtilizationPercent: DefaultMaxUtilizationPercent,
		RoundToGiB:            DefaultRoundToGiB,
	}
}

func TestRecommendFindsTheSmallestDiskThatHolds(t *testing.T) {
	t.Parallel()
	usable20, usable30 := Ext4(20).UsableBytes, Ext4(30).UsableBytes
	for name, test := range map[string]struct {
		request Request
		want    int64
	}{
		"nothing":                           {request(0), 20},
		"to the byte at 80 percent":         {request(usable20 * 80 / 100), 20},
		"a byte more":                       {request(usable20*80/100 + 1), 30},
		"the next, to the byte":             {request(usable30 * 80 / 100), 30},
		"the next, a byte more":             {request(usable30*80/100 + 1), 40},
		"what is bought but not usable":     {request(16 * GiB), 30}, // 16/0.80 = 20: the plain formula is too small
		"all that is usable":                {Request{usable20, 0, 0, 100, 10}, 20},
		"one byte beyond what is usable":    {Request{usable20 + 1, 0, 0, 100, 10}, 30},
		"written data counts as well":       {Request{usable20 * 80 / 100, 0, 1, 80, 10}, 30},
		"in steps of one":                   {Request{usable20*80/100 + 1, 0, 0, 80, 1}, 21},
		"the floor needs not be a multiple": {Request{0, 0, 0, 80, 15}, 20},
		"above the floor multiples only":    {Request{17 * GiB, 0, 0, 80, 15}, 30},
		"a step beyond the floor":           {Request{17 * GiB, 0, 0, 80, 500}, 500},
		"inodes of the free disk":           {Request{0, 1310709, 0, 80, 10}, 20},
		"one inode more":                    {Request{0, 1310710, 0, 80, 10}, 30},
		"one inode more, by steps of one":   {Request{0, 1310710, 0, 80, 1}, 21},
		"the largest disk":                  {Request{Ext4(MaxGiB).UsableBytes, 0, 0, 100, 10}, MaxGiB},
		"inodes are scarcer on larger disks": {
			// 4,095 GiB have 268 million inodes, 4,096 GiB half of them.
			Request{4100 * GiB, 200_000_000, 0, 100, 1}, 6104},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Recommend(test.request)
			if err != nil || got.SizeGiB != test.want {
				t.Fatalf("got %d GiB, error %v, want %d GiB", got.SizeGiB, err, test.want)
			}
			if got.BillableGiB != test.want-20 || got.FitsDefaultDisk() != (test.want == 20) {
				t.Errorf("%d GiB are billed, fits the default disk: %v", got.BillableGiB, got.FitsDefaultDisk())
			}
			if got.FileSystem != Ext4(test.want) {
				t.Errorf("the file system is %+v, want that of %d GiB", got.FileSystem, test.want)
			}
		})
	}
}

func TestRecommendRefusesWhatNoDiskHolds(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{
		"a byte beyond the largest": {Ext4(MaxGiB).UsableBytes + 1, 0, 0, 100, 10},
		"the largest number":        request(math.MaxInt64),
		"a sum that overflows":      {math.MaxInt64, 0, math.MaxInt64, 80, 10},
		// more than the largest disk has
		"too many inodes":                {0, Ext4(hugeGiB-1).FreeInodes + 1, 0, 80, 1},
		"the largest number of inodes":   {0, math.MaxInt64, 0, 80, 10},
		"steps that pass over the limit": {Ext4(30000).UsableBytes, 0, 0, 100, 17000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Recommend(r)
			var large *TooLargeError
			if !errors.As(err, &large) {
				t.Fatalf("got %+v, error %v, want a *TooLargeError", got, err)
			}
			if large.Request != r {
				t.Errorf("the error tells of %+v, want %+v", large.Request, r)
			}
		})
	}
}

func TestTooLargeErrorSaysWhatTheLargestDiskHolds(t *testing.T) {
	t.Parallel()
	_, err := Recommend(Request{40000 * GiB, 7, GiB, 80, 10})
	const want = "no disk holds 40000.0 GiB and 1.0 GiB to write, in 7 files at 80 % utilization in steps of 10 GiB: " +
		"the largest, 32000 GiB, has room for 25497.3 GiB and 524287989 files"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
}

func TestRecommendRefusesArgumentsOutOfRange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request Request
		text    string
	}{
		"required":       {Request{-1, 0, 0, 80, 10}, "required bytes is -1, must be 0 or more"},
		"inodes":         {Request{0, math.MinInt64, 0, 80, 10}, "inodes is -9223372036854775808, must be 0 or more"},
		"writable":       {Request{0, 0, -7, 80, 10}, "writable bytes is -7, must be 0 or more"},
		"no utilization": {Request{0, 0, 0, 0, 10}, "maximal utilization in percent is 0, must be 1 to 100"},
		"above 100":      {Request{0, 0, 0, 101, 10}, "maximal utilization in percent is 101, must be 1 to 100"},
		"no rounding":    {Request{0, 0, 0, 80, 0}, "rounding in GiB is 0, must be 1 to 32000"},
		"wide rounding":  {Request{0, 0, 0, 80, 32001}, "rounding in GiB is 32001, must be 1 to 32000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Recommend(test.request)
			var invalid *InvalidError
			if !errors.As(err, &invalid) || err.Error() != test.text {
				t.Errorf("got %v, want an *InvalidError: %s", err, test.text)
			}
		})
	}
}

// FuzzRecommend holds what must be true of every answer: a size that can be
// ordered, that holds the request, with no smaller one that does; and a greater
// request never gets a smaller disk.
func FuzzRecommend(f *testing.F) {
	f.Add(int64(0), int64(0), int64(0), 80, 10, int64(1), uint8(0))
	f.Add(int64(16*GiB), int64(1310709), int64(GiB), 80, 10, int64(GiB), uint8(1))
	f.Add(int64(4100*GiB), int64(200_000_000), int64(0), 100, 1, int64(5), uint8(2))
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), 1, 1, int64(-9), uint8(3))
	f.Add(int64(25_000*GiB), int64(500_000_000), int64(0), 90, 7, int64(1000*GiB), uint8(0))
	f.Fuzz(func(t *testing.T, required, inodes, writable int64, percent, step int, more int64, which uint8) {
		r := Request{required, inodes, writable, percent, step}
		got, err := Recommend(r)
		if err != nil {
			checkRefusal(t, r, err)
			return
		}
		if got.SizeGiB != MinGiB && (got.SizeGiB < MinGiB || got.SizeGiB > MaxGiB || got.SizeGiB%int64(step) != 0) {
			t.Fatalf("%d GiB cannot be ordered in steps of %d", got.SizeGiB, step)
		}
		if !plainlyHolds(got.SizeGiB, r) {
			t.Fatalf("%d GiB do not hold %+v", got.SizeGiB, r)
		}
		for size := got.SizeGiB - 1; size >= MinGiB; size-- {
			if (size == MinGiB || size%int64(step) == 0) && plainlyHolds(size, r) {
				t.Fatalf("got %d GiB, but %d GiB hold %+v", got.SizeGiB, size, r)
			}
		}
		greater, err := Recommend(grow(r, more, which))
		if err == nil && greater.SizeGiB < got.SizeGiB {
			t.Fatalf("%+v gets %d GiB, but %+v gets %d", r, got.SizeGiB, grow(r, more, which), greater.SizeGiB)
		}
	})
}

// plainlyHolds is the definition, written again without a search.
func plainlyHolds(size int64, r Request) bool {
	fs := Ext4(size)
	return r.RequiredBytes+r.WritableBytes <= fs.UsableBytes*int64(r.MaxUtilizationPercent)/100 &&
		r.Inodes <= fs.FreeInodes
}

func checkRefusal(t *testing.T, r Request, err error) {
	t.Helper()
	var invalid *InvalidError
	var large *TooLargeError
	switch {
	case errors.As(err, &invalid):
		if r.RequiredBytes >= 0 && r.Inodes >= 0 && r.WritableBytes >= 0 && r.MaxUtilizationPercent >= 1 &&
			r.MaxUtilizationPercent <= 100 && r.RoundToGiB >= 1 && r.RoundToGiB <= MaxGiB {
			t.Fatalf("%+v was called invalid: %v", r, err)
		}
	case errors.As(err, &large):
		last := MaxGiB / int64(r.RoundToGiB) * int64(r.RoundToGiB)
		if r.RequiredBytes <= MaxGiB*GiB && r.WritableBytes <= MaxGiB*GiB && last >= MinGiB && plainlyHolds(last, r) {
			t.Fatalf("%+v was called too large, but %d GiB hold it", r, last)
		}
	default:
		t.Fatalf("%+v gave an untyped error: %v", r, err)
	}
}

// grow makes one of the arguments harder to serve.
func grow(r Request, more int64, which uint8) Request {
	add := func(n int64) int64 {
		if more <= 0 || n > math.MaxInt64-more {
			return n
		}
		return n + more
	}
	switch which % 5 {
	case 0:
		r.RequiredBytes = add(r.RequiredBytes)
	case 1:
		r.Inodes = add(r.Inodes)
	case 2:
		r.WritableBytes = add(r.WritableBytes)
	case 3:
		r.MaxUtilizationPercent = max(1, r.MaxUtilizationPercent-int(more&63))
	case 4: // multiples of a multiple are fewer
		if multiple := r.RoundToGiB * int(1+more&7); multiple <= MaxGiB {
			r.RoundToGiB = multiple
		}
	}
	return r
}

func BenchmarkRecommendWorstCase(b *testing.B) {
	r := Request{0, Ext4(MaxGiB).FreeInodes, 0, 80, 1}
	for b.Loop() {
		if _, err := Recommend(r); err != nil {
			b.Fatal(err)
		}
	}
}
