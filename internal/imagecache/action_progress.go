package imagecache

import (
	"fmt"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// quietFor is how long nothing is reported while nothing changes.
const quietFor = time.Minute

// rebuildProgress reports what a rebuild goes through: statuses and events as they come, and from
// time to time that it still runs.
type rebuildProgress struct {
	report   func(string)
	id       string
	began    time.Time
	reported time.Time
	status   string
	events   map[tke.Event]bool
}

func newRebuildProgress(before *tke.ImageCache, report func(string)) *rebuildProgress {
	p := &rebuildProgress{
		report: report, id: before.ID, began: time.Now(), reported: time.Now(), status: before.Status,
		events: map[tke.Event]bool{},
	}
	for _, event := range before.Events {
		p.events[event] = true
	}
	report(fmt.Sprintf("Image cache %s is asked to pull %s again.", p.id, strings.Join(before.Images, ", ")))
	return p
}

func (p *rebuildProgress) reportLook(cache *tke.ImageCache) {
	for _, event := range cache.EventsByTime() {
		if !p.events[event] {
			p.events[event] = true
			p.send(fmt.Sprintf("Image cache %s: %s: %s", p.id, event.Reason, event.Message))
		}
	}
	if cache.Status != p.status || time.Since(p.reported) >= quietFor {
		p.status = cache.Status
		p.send(fmt.Sprintf("Image cache %s is %s after %s.", p.id, cache.Status, p.elapsed()))
	}
}

func (p *rebuildProgress) reportEnd(after *tke.ImageCache) {
	p.send(fmt.Sprintf("Image cache %s was rebuilt in %s; its snapshot is now %s.", p.id, p.elapsed(), after.SnapshotID))
}

func (p *rebuildProgress) send(message string) {
	p.reported = time.Now()
	p.report(message)
}

func (p *rebuildProgress) elapsed() time.Duration { return time.Since(p.began).Round(time.Second) }
