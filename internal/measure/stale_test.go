package measure_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

func stale(mode measure.Mode, images ...string) measure.Request {
	r := request(mode, images...)
	r.StaleIfError = true
	return r
}

// answering makes a registry that answers everything with a status.
func answering(status int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		return true
	}
}

// answerPage is the login page of a network.
func answerPage(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<html>Sign in</html>")
	return true
}

// TestAKeptImageCountsInAnOutage: the numbers are those of before, and the report says which image
// it was and why.
func TestAKeptImageCountsInAnOutage(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l, _ := indexable(t, 1) // which is sampled, so that its number depends on the way of reading
	image := s.push(t, "stale/x:v1", l, layer(t, 1, imagetest.File{Name: "a", Size: 5000}))
	kept := store.Open(t.TempDir())
	for _, mode := range []measure.Mode{measure.Auto, measure.Full} {
		before, err := impatient(t, kept, nil).Measure(t.Context(), request(mode, image))
		if err != nil || len(before.Stale) > 0 {
			t.Fatal(err)
		}
		for kind, answer := range map[failure.Kind]func(http.ResponseWriter, *http.Request) bool{
			failure.NotFound:    answering(http.StatusNotFound),
			failure.Forbidden:   answering(http.StatusForbidden),
			failure.Unavailable: answering(http.StatusServiceUnavailable),
			failure.RateLimited: answering(http.StatusTooManyRequests),
			failure.Proxy:       answering(http.StatusProxyAuthRequired),
			failure.WebPage:     answerPage,
		} {
			s.meet(answer)
			_, err := impatient(t, kept, nil).Measure(t.Context(), request(mode, image))
			failed, ok := errors.AsType[measure.ImageErrors](err)
			if !ok || failed[0].Stored == nil || !errors.Is(err, kind) {
				t.Errorf("%s, %s, not asked for: %v", mode, kind, err)
			}
			report, err := impatient(t, kept, nil).Measure(t.Context(), stale(mode, image))
			if err != nil {
				t.Fatalf("%s, %s: %v", mode, kind, err)
			}
			if len(report.Stale) != 1 || report.Stale[0].Stored.Mode != mode || !errors.Is(report.Stale[0].Err, kind) ||
				time.Since(report.Stale[0].Stored.At) > time.Hour {
				t.Errorf("%s, %s: %+v", mode, kind, report.Stale)
			}
			if report.RequiredBytes != before.RequiredBytes || report.Exact != before.Exact ||
				report.Images[0].Digest != before.Images[0].Digest {
				t.Errorf("%s, %s: %+v, before it %+v", mode, kind, report.RequiredBytes, before.RequiredBytes)
			}
		}
		s.meet(nil)
	}
}

// TestWhatIsKeptCountsBesideWhatIsRead: of one repository, and measured in another way.
func TestWhatIsKeptCountsBesideWhatIsRead(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	shared := layer(t, 1, imagetest.File{Name: "a", Size: 5000})
	gone := s.push(t, "beside/x:v1", shared, layer(t, 2, imagetest.File{Name: "b", Size: 70_000}))
	there := s.push(t, "beside/x:v2", shared, layer(t, 3, imagetest.File{Name: "c", Size: 90_000}))
	kept := store.Open(t.TempDir())
	before, err := measurer(t, kept).Measure(t.Context(), request(measure.Full, there, gone))
	if err != nil {
		t.Fatal(err)
	}
	s.meet(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/manifests/v1") {
			http.NotFound(w, r)
			return true
		}
		return false
	})
	report, err := measurer(t, kept).Measure(t.Context(), stale(measure.Auto, there, gone))
	if err != nil || report.RequiredBytes != before.RequiredBytes || !report.Exact {
		t.Fatalf("%+v, %v, before it %+v", report, err, before.RequiredBytes)
	}
	if len(report.Stale) != 1 || report.Stale[0].Index != 1 || report.Stale[0].Stored.Mode != measure.Full {
		t.Errorf("%+v", report.Stale)
	}
}

// TestWhatIsNoOutageIsAnError, and so is an outage where nothing is kept, or nothing sound.
func TestWhatIsNoOutageIsAnError(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	image := s.push(t, "error/x:v1", layer(t, 1, imagetest.File{Name: "a", Size: 5000}))
	dir := t.TempDir()
	kept := store.Open(dir)
	if _, err := measurer(t, kept).Measure(t.Context(), request(measure.Auto, image)); err != nil {
		t.Fatal(err)
	}
	other := stale(measure.Auto, image)
	other.Platform = "linux/arm64"
	if _, err := measurer(t, kept).Measure(t.Context(), other); !errors.Is(err, failure.NoPlatform) {
		t.Errorf("another platform: %v", err)
	}
	moved := stale(measure.Auto, s.host+"/error/x:v2")
	if _, err := measurer(t, kept).Measure(t.Context(), moved); !errors.Is(err, failure.NotFound) {
		t.Errorf("another tag: %v", err)
	}
	s.push(t, "error/x:v1", noTar("no tar")) // the tag moves to what containerd does not unpack
	if _, err := measurer(t, kept).Measure(t.Context(), stale(measure.Auto, image)); err == nil {
		t.Error("a layer that is no tar is none")
	}
	s.meet(answering(http.StatusNotFound))
	if _, err := measurer(t, nil).Measure(t.Context(), stale(measure.Auto, image)); !errors.Is(err, failure.NotFound) {
		t.Errorf("nothing kept: %v", err)
	}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(name, append(content, ' '), 0o600) // damaged
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := measurer(t, kept).Measure(t.Context(), stale(measure.Auto, image)); !errors.Is(err, failure.NotFound) {
		t.Errorf("what is damaged counts: %v", err)
	}
}
