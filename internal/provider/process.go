package provider

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// stopOnTerminate handles SIGTERM as the CLI's stop request: running operations end soon and report
// what they have, so that the id of a cache that was just created reaches the state. Job runners
// often signal all processes of a job, and a provider that died at once would lose the id. The same
// goes for SIGHUP from a closed terminal. The process ends when the CLI disconnects. (SIGINT is
// handled by the CLI: go-plugin ignores it.)
func stopOnTerminate(server tfprotov6.ProviderServer) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP)
	for range signals {
		_, _ = server.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
	}
}

// parentCheck is the interval between checks that the CLI still runs.
const parentCheck = time.Second

// exitWithParent ends the process when the CLI that started it was killed. go-plugin leaves that to
// the CLI, which then cannot do it; an orphaned provider would stay for ever, with credentials in
// its memory.
func exitWithParent() {
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(parentCheck)
	}
	os.Exit(1)
}
