package measure

import "testing"

// TestRangesAreRememberedByWhereTheyBegin: as much of a range as was read, and no more.
func TestRangesAreRememberedByWhereTheyBegin(t *testing.T) {
	t.Parallel()
	r := &ranges{}
	window := []byte("window")
	if r.recall(window, 7) {
		t.Error("nothing was read, and is remembered")
	}
	r.remember(window, 7)
	r.remember([]byte("win"), 7) // a part of it takes nothing away
	copy(window, "gone!!")
	for _, test := range []struct {
		length int
		offset int64
		want   string
	}{{6, 7, "window"}, {3, 7, "win"}, {7, 7, ""}, {3, 8, ""}} {
		p := make([]byte, test.length)
		if ok := r.recall(p, test.offset); ok != (test.want != "") || ok && string(p) != test.want {
			t.Errorf("%d bytes at %d: %v, %q", test.length, test.offset, ok, p)
		}
	}
}
