//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// toolTimeout bounds what is not a pull: to install Debian takes longest.
const toolTimeout = 20 * time.Minute

// runTool runs a program to its end. The error has the last lines that it wrote.
func runTool(ctx context.Context, name string, arguments ...string) error {
	_, err := readOutput(ctx, toolTimeout, name, arguments...)
	return err
}

// readOutput runs a program to its end and returns what it wrote to either stream.
func readOutput(ctx context.Context, timeout time.Duration, name string, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	command := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // programs that scripts/truth.sh installs
	command.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("not done after %s: %w", timeout, err)
	}
	text := strings.TrimSpace(said.String())
	if err != nil {
		return text, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(arguments, " "), err, lastLines(text))
	}
	return text, nil
}

// lastLines returns the last five lines, without those that draw a progress bar.
func lastLines(text string) string {
	const most = 5
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
		return strings.Contains(line, "\x1b[") || strings.HasPrefix(line, "elapsed:")
	})
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
