package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// console tells the story: a numbered line for each step, and what the step came to, indented below it.
type console struct {
	mu    sync.Mutex
	out   io.Writer
	count int
}

type step struct {
	title string
	do    func(context.Context, func(string)) (string, error)
}

// steps runs the steps until one fails. A step that takes long shows its progress.
func (c *console) steps(ctx context.Context, steps []step) error {
	for _, s := range steps {
		c.title(s.title)
		begun := time.Now()
		result, err := s.do(ctx, c.progress)
		if err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
		c.block(result)
		c.block(fmt.Sprintf("(%.1f s)", time.Since(begun).Seconds()))
	}
	return nil
}

func (c *console) step(title, result string) {
	c.title(title)
	c.block(result)
}

func (c *console) title(title string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	fmt.Fprintf(c.out, "\n[%d] %s\n", c.count, title)
}

// progress is one line of what goes on meanwhile.
func (c *console) progress(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "    … %s\n", line)
}

func (c *console) block(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		fmt.Fprint(c.out, strings.TrimRight("    "+line, " \n")+"\n")
	}
}

func (c *console) last(line string) {
	fmt.Fprintf(c.out, "\n%s\n", line)
}
