package subprocess

import "sync"

// tailSize is how much of what a process wrote is kept for failures.
const tailSize = 16 << 10

// Tail keeps the end of what is written to it. The zero value is ready.
type Tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write keeps the end.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
