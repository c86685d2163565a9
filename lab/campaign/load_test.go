//go:build linux

package campaign

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestLoad creates and reads many caches at once against a service that takes twenty requests a
// second for each action, as the real one does: nothing may fail for that. The client keeps below
// the limit by itself; on a machine that is so busy that requests pile up on their way a few may
// still be refused, and are then tried again.
func TestLoad(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	creates, reads := 10, 200
	if *full {
		creates, reads = 50, 1000
	}
	r := newRun(t, tketest.Options{RequestsPerSecond: 20}, "TF_LOG_PROVIDER=off")
	var ids []string
	for i := range reads {
		ids = append(
			ids,
			strconv.Quote(r.cloud.Put(tketest.Cache{Name: fmt.Sprint("old-", i), Images: []string{"app:v1"}}).ID),
		)
	}
	r.writeConfiguration(fmt.Sprintf(`
resource "tkeimage_cache" "new" {
  count     = %d
  name      = "new-${count.index}"
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
}
locals { ids = [%s] }
data "tkeimage_cache" "old" {
  count = length(local.ids)
  id    = local.ids[count.index]
}
`, creates, strings.Join(ids, ", ")))
	peak := r.measurePeak(func() { r.must("apply", "-auto-approve", "-parallelism=100") })
	requests, throttled := map[string]int{}, 0
	for _, q := range r.cloud.Requests() {
		requests[q.Action]++
		if strings.HasPrefix(q.Code, tketest.CodeRequestLimitExceeded) {
			throttled++
		}
	}
	if sent := requests[tke.ActionCreate] + requests[tke.ActionDescribe]; throttled > sent/20 || peak > mostMemory ||
		requests[tke.ActionCreate] < creates || len(r.readState()) != creates {
		t.Errorf("%d requests were refused for the rate, %d MiB, requests %v", throttled, peak, requests)
	}
	r.must("destroy", "-auto-approve", "-parallelism=100")
	if left := len(r.cloud.Caches()); left != reads {
		t.Errorf("%d caches are left, want the %d that were there before", left, reads)
	}
	seen := newTable(
		"load", "Caches created and read", "at once", "requests", "refused for the rate and tried again",
		"most memory of the provider",
	)
	seen.count.Add(int64(creates + reads))
	row := "50 creates and 1,000 reads, 20 requests a second"
	seen.setCell(
		row, "requests",
		fmt.Sprintf("%d creates, %d lists", requests[tke.ActionCreate], requests[tke.ActionDescribe]),
	)
	seen.setCell(row, "refused for the rate and tried again", fmt.Sprint(throttled))
	seen.setCell(row, "most memory of the provider", fmt.Sprintf("%d MiB", peak))
	seen.compareWithGuide(t, false)
}

// measurePeak is the most memory, in MiB, that any process of the provider held while something was
// done (VmHWM of proc(5)).
func (r *run) measurePeak(do func()) (mib int) {
	done, result := make(chan bool), make(chan int)
	go func() {
		most := 0
		for {
			for _, pid := range r.listProviders() {
				most = max(most, readHighWater(pid))
			}
			select {
			case <-done:
				result <- most / 1024
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	defer func() {
		close(done)
		mib = <-result
	}()
	do()
	return 0 // what is deferred says how much
}

func readHighWater(pid int) (kib int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, found := bytes.Cut(status, []byte("VmHWM:"))
	if err != nil || !found {
		return 0 // it has ended
	}
	kib, _ = strconv.Atoi(string(bytes.Fields(rest)[0])) // proc(5) has a number here
	return kib
}
