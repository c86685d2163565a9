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
	fmt.Printf("%s, %d cores, %s, Go %s\n\n", time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.GOOS+"/"+runtime.GOARCH, runtime.Version())
	fmt.Println("| figure                                    |    seen |  at most |")
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
	return nil
}
