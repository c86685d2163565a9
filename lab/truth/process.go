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

// tool runs a program to its end; an error has what it wrote.
func tool(ctx context.Context, name string, arguments ...string) error {
	_, err := output(ctx, toolTimeout, name, arguments...)
	return err
}

// output runs a program to its end and gives what it wrote to either stream.
func output(ctx context.Context, timeout time.Duration, name string, arguments ...string) (string, error) {
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

// lastLines are the last few, without those that draw a progress bar.
func lastLines(text string) string {
	const most = 5
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.Contains(line, "\x1b[") || strings.HasPrefix(line, "elapsed:") })
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
