package transcript

// Entry is what a tar header says of a file.
type Entry struct {
	Kind byte // the type flag (POSIX.1-1988, "typeflag"); 0 where the window does not show it
	// Size is that of what follows the header, in bytes or in whole blocks of 512; negative where
	// the window does not show it.
	Size int64
}

// IsKnown reports whether the window shows both.
func (e Entry) IsKnown() bool { return e.Kind != 0 && e.Size >= 0 }
