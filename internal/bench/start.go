package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// starts is how often the provider is started; the median is reported.
const starts = 21

type startFigures struct {
	handshake, schema time.Duration
	resident          int64 // bytes
}

func measureStart(ctx context.Context, binary string) (startFigures, error) {
	var handshakes, schemas []time.Duration
	var resident []int64
	for range starts {
		one, err := startOnce(ctx, binary)
		if err != nil {
			return startFigures{}, err
		}
		handshakes, schemas, resident = append(handshakes, one.handshake), append(schemas, one.schema), append(resident, one.resident)
	}
	return startFigures{median(handshakes), median(schemas), median(resident)}, nil
}

// startOnce does what Terraform does: it starts the process with the magic cookie, reads the line of the handshake
// (go-plugin: core version, protocol version, network, address, protocol), and asks for the schema over gRPC.
func startOnce(ctx context.Context, binary string) (figures startFigures, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, binary) //nolint:gosec // the binary that is measured
	command.Env = append(os.Environ(), "PLUGIN_PROTOCOL_VERSIONS=6",
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	out, err := command.StdoutPipe()
	if err != nil {
		return figures, err
	}
	begun := time.Now()
	if err := command.Start(); err != nil {
		return figures, err
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return figures, fmt.Errorf("reading the handshake: %w", err)
	}
	figures.handshake = time.Since(begun)
	if err := askSchema(ctx, line); err != nil {
		return figures, err
	}
	figures.schema = time.Since(begun)
	figures.resident, err = residentBytes(command.Process.Pid)
	return figures, err
}

func askSchema(ctx context.Context, handshake string) error {
	fields := strings.Split(strings.TrimSpace(handshake), "|")
	if len(fields) < 5 || fields[1] != "6" || fields[4] != "grpc" {
		return fmt.Errorf("unexpected handshake %q", handshake)
	}
	target := fields[3]
	if fields[2] == "unix" {
		target = "unix:" + target
	}
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	var answer []byte
	err = connection.Invoke(ctx, "/tfplugin6.Provider/GetProviderSchema", &[]byte{}, &answer,
		grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(64<<20))
	if err == nil && len(answer) == 0 {
		err = errors.New("the schema is empty")
	}
	return err
}

// raw passes messages as bytes: an empty request needs no generated code.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("%T is not bytes", v)
	}
	return *message, nil
}

func (raw) Unmarshal(data []byte, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is not bytes", v)
	}
	*message = slices.Clone(data)
	return nil
}

func (raw) Name() string { return "raw" }

// residentBytes is VmRSS of proc_pid_status(5); 0 where there is no such file.
func residentBytes(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, err
}

func median[T int64 | time.Duration](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
