package ext4

import "testing"

func TestDirectoriesHaveTheSizesThatExt4GivesThem(t *testing.T) {
	t.Parallel()
	// Seen on 12 file systems of their own seeds, Linux 6.18: names of so many bytes, so many of
	// them.
	for _, seen := range []struct{ length, names, least, most int64 }{
		{10, 200, 1, 1}, {10, 250, 3, 3}, {10, 400, 3, 4}, {10, 700, 5, 5}, {10, 1000, 9, 9}, {10, 4000, 30, 33},
		{24, 120, 1, 1}, {24, 150, 3, 3}, {24, 200, 3, 3}, {24, 300, 4, 5}, {24, 500, 6, 7}, {24, 1000, 11, 13},
		{24, 4000, 43, 52},
		{60, 30, 1, 1}, {60, 60, 3, 3}, {60, 150, 4, 5}, {60, 300, 7, 9}, {60, 1000, 23, 27}, {60, 4000, 92, 101},
		{120, 30, 1, 1}, {120, 60, 3, 4}, {120, 150, 7, 9}, {120, 500, 22, 27}, {120, 4000, 175, 192},
	} {
		entries := seen.names * ((8 + seen.length + 3) / 4 * 4)
		least, most := DirectoryBounds(entries)
		if least > seen.least || most < seen.most {
			t.Errorf(
				"%d names of %d bytes: bounds %d to %d, seen were %d to %d",
				seen.names,
				seen.length,
				least,
				most,
				seen.least,
				seen.most,
			)
		}
		slack := seen.least/12 + 1
		if expected := DirectoryBlocks(entries); expected < seen.least-slack || expected > seen.most+slack {
			t.Errorf(
				"%d names of %d bytes: %d blocks are expected, seen were %d to %d",
				seen.names,
				seen.length,
				expected,
				seen.least,
				seen.most,
			)
		}
	}
}

func TestOnlySmallDirectoriesAreCertain(t *testing.T) {
	t.Parallel()
	for entries, want := range map[int64]int64{0: 1, firstBlock: 1, firstBlock + 1: 3, TwoLeaves: 3} {
		if least, most := DirectoryBounds(entries); least != want || most != want || DirectoryBlocks(entries) != want {
			t.Errorf("%d bytes of entries: %d to %d blocks, want %d", entries, least, most, want)
		}
	}
	before := int64(0)
	for entries := int64(TwoLeaves + 1); entries < 8<<20; entries += 997 {
		least, most := DirectoryBounds(entries)
		expected := DirectoryBlocks(entries)
		if least >= most || expected < least || expected > most || expected < before {
			t.Fatalf(
				"%d bytes of entries: %d blocks between %d and %d, after %d",
				entries,
				expected,
				least,
				most,
				before,
			)
		}
		before = expected
	}
}
