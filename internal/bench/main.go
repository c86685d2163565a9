// Command bench measures what the provider costs on this machine and prints one table. Figures that depend on the machine stand
// beside what they are compared with, from the same run.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
)

// What the binary may weigh and how long it may take to answer.
const (
	maxBinaryMB = 30
	maxStart    = 100 * time.Millisecond
	maxCalls    = 120 // of DescribeImageCaches, for the refresh of 1,000 caches
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	binary := os.Getenv("TKEIMAGE_PROVIDER_BIN")
	info, err := os.Stat(binary) //nolint:gosec // whoever runs the bench names the binary
	if err != nil {
		return fmt.Errorf("the provider's binary: %w (run `make bench`)", err)
	}
	started, err := measureStart(ctx, binary)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d cores, %s, %s\n\n", time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.GOOS+"/"+runtime.GOARCH, runtime.Version())
	fmt.Println("| start                                     |    seen |  at most |")
	fmt.Println("| ----------------------------------------- | ------: | -------: |")
	fmt.Printf("| size of the binary                        | %4.1f MB | %5d MB |\n", float64(info.Size())/1e6, maxBinaryMB)
	fmt.Printf("| process start to handshake, median of %2d  | %4d ms |          |\n", starts, started.handshake.Milliseconds())
	fmt.Printf("| process start to schema, median of %2d     | %4d ms | %5d ms |\n", starts, started.schema.Milliseconds(), maxStart.Milliseconds())
	fmt.Printf("| memory after the schema (resident)        | %4.1f MB |          |\n", float64(started.resident)/1e6)
	if info.Size() > maxBinaryMB*1e6 {
		return fmt.Errorf("the binary has %d bytes", info.Size())
	}
	if started.schema > maxStart {
		return fmt.Errorf("the schema was answered after %s", started.schema)
	}
	return refreshes(ctx, binary)
}

// refreshes prints what states of three sizes cost to refresh.
func refreshes(ctx context.Context, binary string) error {
	fmt.Printf("\n| refresh, %s latency, 20 requests/s | calls |   wall | the CLI alone | one call per cache | ratio |\n", latency)
	fmt.Println("| ------------------------------------ | ----: | -----: | ------------: | -----------------: | ----: |")
	for _, caches := range []int{1, 100, 1000} {
		f, err := measureRefresh(ctx, binary, caches)
		if err != nil {
			return err
		}
		fmt.Printf("| %4d caches                          | %5d | %4.1f s | %11.1f s | %16.1f s | %5.2f |\n",
			f.caches, f.calls, f.wall.Seconds(), f.bare.Seconds(), f.single.Seconds(), f.wall.Seconds()/f.single.Seconds())
		if caches == 1000 && f.calls > maxCalls {
			return fmt.Errorf("%d calls for %d caches, at most %d are allowed", f.calls, caches, maxCalls)
		}
	}
	return nil
}
