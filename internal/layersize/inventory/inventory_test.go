package inventory

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

func TestDirectoriesReplacedWithoutEndAreBounded(t *testing.T) {
	t.Parallel()
	v := New()
	for i := range 3000 {
		for _, e := range []Entry{
			{Name: "a/" + strconv.Itoa(i), Kind: KindFile, Size: 1},
			{Name: "a", Kind: KindFile},
			{Name: "a", Kind: KindDirectory},
		} {
			if err := v.Add(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if m := v.Measurement(); m.Exact || !strings.Contains(m.Note, oddRemovals) || v.removals != 3000 {
		t.Errorf("%+v after %d sweeps", m, v.removals)
	}
}

func TestEntriesWithoutEndStayInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("adds more than a million entries")
	}
	before := layertest.HeapBytes()
	v := New()
	const extra = 1000
	for i := range maxTracked + extra {
		if err := v.Add(Entry{Name: "d/" + strconv.Itoa(i), Kind: KindFile, Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if grown := layertest.HeapBytes() - before; grown > 56<<20 {
		t.Errorf("%d entries take %d MiB", v.entries, grown>>20)
	}
	m := v.Measurement()
	// The root, d, and all but the two are told apart.
	if *m.Inodes != maxTracked+extra+2 || m.Exact {
		t.Errorf("%+v, %d inodes", m, *m.Inodes)
	}
	fewer, _ := v.directorySlack()
	if below := (m.DiskBytes.Value-m.DiskBytes.Min)/4096 - fewer; below != extra+2 {
		t.Errorf("%d entries may have been replaced unseen, want %d", below, extra+2)
	}
	// Directories are told apart still, up to a bound of their own.
	var err error
	for i := 0; err == nil && i < maxNodes; i++ {
		err = v.Add(Entry{Name: "e/" + strconv.Itoa(i), Kind: KindDirectory})
	}
	if !errors.Is(err, layersize.ErrTooManyEntries) {
		t.Errorf("directories without end gave %v", err)
	}
	runtime.KeepAlive(v)
}

func TestNoDiskHoldsWhatAnInventoryRefuses(t *testing.T) {
	t.Parallel()
	v := New()
	var err error
	for i := 0; err == nil && i < 10; i++ {
		err = v.Add(Entry{Name: strconv.Itoa(i), Kind: KindFile, Size: 1 << 62})
	}
	if !errors.Is(err, layersize.ErrBomb) {
		t.Errorf("got %v, want ErrBomb", err)
	}
}
