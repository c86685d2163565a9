package provider

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// stopOnTerminate takes SIGTERM as the CLI takes it: what runs ends soon and says what it has, so
// that the id of a cache that was just made reaches the state. Whoever ends a job often tells all
// of its processes, and one that died at once would take the id with it. So does a terminal that is
// closed, with SIGHUP. The process itself ends when the CLI hangs up. (SIGINT is the CLI's
// business: go-plugin lets it pass.)
func stopOnTerminate(server tfprotov6.ProviderServer) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGHUP)
	for range told {
		_, _ = server.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
	}
}

// parentCheck is how often a process looks whether its CLI is still there.
const parentCheck = time.Second

// exitWithParent ends the process when the CLI that started it was killed. go-plugin leaves that to
// the CLI, which cannot; and a process that nobody asks anything any more would stay for ever, with
// credentials in its memory.
func exitWithParent() {
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(parentCheck)
	}
	os.Exit(1)
}
