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

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

// starts is how often the provider is started; the median is reported.
const starts = 21

// startFigures are what it costs to have a provider answer at all.
type startFigures struct {
	Title             string
	Binary            int64 // bytes
	Handshake, Schema time.Duration
	Resident          int64 // bytes
}

// floorRatios are what a start costs as a multiple of that of an empty provider.
type floorRatios struct{ Schema, Resident, Binary float64 }

// floorGoals are aimed at. They are not demanded: they are missed by what reading registries links in.
var floorGoals = floorRatios{Schema: 1.5, Resident: 1.2, Binary: 1.15}

// OverFloor compares the provider with the empty one, which is measured next to it.
func (f *figures) OverFloor() floorRatios {
	own, floor := f.Starts[0], f.Starts[1]
	return floorRatios{
		Schema:   own.Schema.Seconds() / floor.Schema.Seconds(),
		Resident: float64(own.Resident) / float64(floor.Resident),
		Binary:   float64(own.Binary) / float64(floor.Binary),
	}
}

// FloorGoals returns what is aimed at.
func (*figures) FloorGoals() floorRatios { return floorGoals }

// measureStarts starts each provider in turn, so that all of them see the machine in the same mood.
func measureStarts(ctx context.Context, b binaries) ([]startFigures, error) {
	subjects := []struct {
		title, path string
		protocol    int
	}{
		{"tkeimage", b.provider, 6},
		{"an empty provider of the framework", b.floor, 6},
		{"hashicorp/kubernetes v" + tfcli.KubernetesVersion, b.kubernetes, 5},
	}
	all := make([][]startFigures, len(subjects))
	for range starts {
		for i, s := range subjects {
			one, err := startOnce(ctx, s.path, s.protocol)
			if err != nil {
				return nil, fmt.Errorf("starting %s: %w", s.title, err)
			}
			all[i] = append(all[i], one)
		}
	}
	var figures []startFigures
	for i, s := range subjects {
		info, err := os.Stat(s.path)
		if err != nil {
			return nil, err
		}
		figures = append(figures, startFigures{
			Title: s.title, Binary: info.Size(),
			Handshake: medianOf(all[i], func(f startFigures) time.Duration { return f.Handshake }),
			Schema:    medianOf(all[i], func(f startFigures) time.Duration { return f.Schema }),
			Resident:  medianOf(all[i], func(f startFigures) int64 { return f.Resident }),
		})
	}
	return figures, nil
}

func medianValue[T int64 | time.Duration](values []T) T {
	return medianOf(values, func(v T) T { return v })
}

func medianOf[F any, T int64 | time.Duration](figures []F, of func(F) T) T {
	values := make([]T, 0, len(figures))
	for _, f := range figures {
		values = append(values, of(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// startOnce does what Terraform does: it starts the process with the magic cookie, reads the line
// of the handshake (go-plugin: core version, protocol version, network, address, protocol), and
// asks for the schema over gRPC.
func startOnce(ctx context.Context, binary string, protocol int) (figures startFigures, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, binary)
	command.Env = append(os.Environ(), "PLUGIN_PROTOCOL_VERSIONS="+strconv.Itoa(protocol),
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
	figures.Handshake = time.Since(begun)
	if err := askSchema(ctx, line, protocol); err != nil {
		return figures, err
	}
	figures.Schema = time.Since(begun)
	figures.Resident, err = statusBytes(command.Process.Pid, "VmRSS:")
	return figures, err
}

// schemaMethods are how a schema is asked for, by version of the plugin protocol.
var schemaMethods = map[int]string{5: "/tfplugin5.Provider/GetSchema", 6: "/tfplugin6.Provider/GetProviderSchema"}

func askSchema(ctx context.Context, handshake string, protocol int) error {
	fields := strings.Split(strings.TrimSpace(handshake), "|")
	if len(fields) < 5 || fields[1] != strconv.Itoa(protocol) || fields[4] != "grpc" {
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
	err = connection.Invoke(ctx, schemaMethods[protocol], &[]byte{}, &answer,
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

// statusBytes is a size in proc_pid_status(5), VmRSS: for one; 0 where there is no such file.
func statusBytes(pid int, field string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, err
}
