// Command demo shows the main job from end to end on this machine: a real registry and the stand-in
// for the TKE API on loopback, the real Terraform CLI over examples/complete. It works in one
// temporary folder and leaves nothing behind, however it ends. With -size small the same steps take
// about half a minute.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	name := flag.String("size", "full", "of the large image: full (20 GiB unpacked) or small (1 GiB)")
	flag.Parse()
	size, known := sizes[*name]
	if !known {
		fmt.Fprintf(os.Stderr, "demo: -size is full or small, not %q\n", *name)
		os.Exit(2)
	}
	if err := runInterruptibly(size); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

// runInterruptibly ends the story early on Ctrl-C, and cleans up as after any other end.
func runInterruptibly(of size) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := runDemo(ctx, of, &console{out: os.Stdout})
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted; everything was stopped and removed")
	}
	return err
}

// runDemo runs the whole story, top to bottom.
func runDemo(ctx context.Context, of size, say *console) (err error) {
	s, err := openStage(ctx, of)
	if err != nil {
		return err
	}
	defer func() {
		if closed := s.close(); err == nil {
			err = closed
		}
		if err == nil {
			say.printLast("demo: everything worked, and nothing is left running or on disk (exit 0)")
		}
	}()

	say.printStep("A registry and a stand-in for the TKE API run on loopback", s.listAddresses())
	return say.runSteps(ctx, []step{
		{"Two images are pushed, one of them with a large layer of model weights", 10 * time.Minute, s.pushImages},
		{"terraform init installs the provider that was just built", time.Minute, s.initializeWorkspace},
		{"terraform plan says how much disk they need, from a few ranges of their layers", time.Minute, s.planCreate},
		{"terraform apply builds the cache: images are pulled, a snapshot is taken", 5 * time.Minute, s.applyCreate},
		{"A second plan is empty: what was applied is what is there", time.Minute, s.planEmpty},
		{"A tag moves, and the plan notices: the cache is to be built again", time.Minute, s.planMoved},
		{"terraform apply builds the new cache first, and then the old one goes", 2 * time.Minute, s.applyMoved},
		{"terraform destroy leaves nothing at the service", time.Minute, s.destroyCache},
	})
}
