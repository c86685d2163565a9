package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is where the figures were seen.
type machine struct {
	Date, Platform, Processor, Go string
	Cores, MemoryGiB              int
	Took                          time.Duration
	Load                          float64 // when the run began: processes that were running or waiting, over a minute
}

// Busy says that others used the machine, and that times are therefore longer than its own.
func (m machine) Busy() bool { return m.Load > 1 }

func thisMachine(load float64, took time.Duration) machine {
	return machine{
		Load: load,
		Date: time.Now().UTC().Format(time.DateOnly), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Go:        runtime.Version(),
		Processor: fieldOf("/proc/cpuinfo", "model name", "unknown processor"), Cores: runtime.NumCPU(),
		MemoryGiB: memoryGiB(), Took: took.Round(time.Second),
	}
}

// loadNow is the first figure of proc_loadavg(5); 0 where there is no such file.
func loadNow() float64 {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(content), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

func memoryGiB() int {
	kib, _, _ := strings.Cut(fieldOf("/proc/meminfo", "MemTotal", "0 kB"), " ")
	n, err := strconv.Atoi(kib)
	if err != nil {
		return 0
	}
	return (n + 1<<19) >> 20
}

// fieldOf reads a file of proc, whose lines are "name : value".
func fieldOf(file, name, fallback string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return fallback
	}
	for line := range strings.Lines(string(content)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return fallback
}
