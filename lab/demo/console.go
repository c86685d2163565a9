package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// console tells the story: a numbered line for each step, and what the step came to, indented below
// it.
type console struct {
	mu    sync.Mutex
	out   io.Writer
	count int
}

// A step ends within its limit, which is printed beside its title, or fails.
type step struct {
	title string
	limit time.Duration
	do    func(context.Context, func(string)) (string, error)
}

// runSteps runs the steps until one fails. A step that takes long shows its progress.
func (c *console) runSteps(ctx context.Context, steps []step) error {
	for _, s := range steps {
		c.printTitle(fmt.Sprintf("%s (at most %s)", s.title, writeLimit(s.limit)))
		begun := time.Now()
		result, err := s.runWithin(ctx, c.printProgress)
		if err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
		c.printBlock(result)
		c.printBlock(fmt.Sprintf("(%.1f s)", time.Since(begun).Seconds()))
	}
	return nil
}

func (s step) runWithin(ctx context.Context, progress func(string)) (string, error) {
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	result, err := s.do(limited, progress)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = fmt.Errorf("it did not end within %s: %w", writeLimit(s.limit), err)
	}
	return result, err
}

func writeLimit(limit time.Duration) string {
	if limit < time.Minute {
		return fmt.Sprintf("%.0f s", limit.Seconds())
	}
	return fmt.Sprintf("%.0f min", limit.Minutes())
}

func (c *console) printStep(title, result string) {
	c.printTitle(title)
	c.printBlock(result)
}

func (c *console) printTitle(title string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	fmt.Fprintf(c.out, "\n[%d] %s\n", c.count, title)
}

// printProgress prints one line of what goes on meanwhile.
func (c *console) printProgress(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "    … %s\n", line)
}

func (c *console) printBlock(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		fmt.Fprint(c.out, strings.TrimRight("    "+line, " \n")+"\n")
	}
}

func (c *console) printLast(line string) {
	fmt.Fprintf(c.out, "\n%s\n", line)
}
