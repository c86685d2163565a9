package imagecache

import (
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// quietFor is the pause between reports while nothing changes.
const quietFor = time.Minute

// rebuildProgress reports statuses and events of a rebuild as they come, and from time to time that
// it still runs.
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
	report(tfdiag.RebuildRequested(p.id, before.Images))
	return p
}

func (p *rebuildProgress) reportLook(cache *tke.ImageCache) {
	for _, event := range cache.EventsByTime() {
		if !p.events[event] {
			p.events[event] = true
			p.send(tfdiag.RebuildEvent(p.id, event))
		}
	}
	if cache.Status != p.status || time.Since(p.reported) >= quietFor {
		p.status = cache.Status
		p.send(tfdiag.RebuildStatus(cache, p.elapsed()))
	}
}

func (p *rebuildProgress) reportEnd(after *tke.ImageCache) {
	p.send(tfdiag.RebuildDone(after, p.elapsed()))
}

func (p *rebuildProgress) send(message string) {
	p.reported = time.Now()
	p.report(message)
}

func (p *rebuildProgress) elapsed() time.Duration { return time.Since(p.began).Round(time.Second) }
