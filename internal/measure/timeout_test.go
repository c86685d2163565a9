package measure_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// shortly is a time to read that a host outlasts which does not answer.
const shortly = 500 * time.Millisecond

// hangAt makes a host that does not answer some requests before the client gives up.
func hangAt(match func(r *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		if match(r) {
			<-r.Context().Done()
			return true
		}
		return false
	}
}

// halfOf serves the first half of a layer, and then nothing.
func halfOf(t *testing.T, l v1.Layer) func(http.ResponseWriter, *http.Request) bool {
	t.Helper()
	content, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	data, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	name := digest(t, l)
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, name) {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
}

func timed(mode measure.Mode, images ...string) measure.Request {
	r := request(mode, images...)
	r.Timeout = shortly
	return r
}

// TestWhatWasLearnedInTimeCounts: the layers that were read stay as they are and are kept, and one
// that was cut short has bounds that hold the truth.
func TestWhatWasLearnedInTimeCounts(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	small := layer(t, 1, imagetest.File{Name: "a", Size: 5000})
	large := layer(
		t, 2,
		imagetest.File{Name: "b", Size: 3 << 20, Like: imagetest.Text},
		imagetest.File{Name: "c", Size: 2 << 20, Like: imagetest.Noise},
	)
	image := s.push(t, "time/x:v1", small, large)
	truth, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, image))
	if err != nil || truth.TimeUp != 0 {
		t.Fatal(truth, err)
	}
	kept := store.Open(t.TempDir())
	s.meet(halfOf(t, large))
	report, err := measurer(t, kept).Measure(t.Context(), timed(measure.Full, image))
	if err != nil {
		t.Fatal(err)
	}
	got, want := report.Images[0].Measurements, truth.Images[0].Measurements
	if report.TimeUp != shortly || report.Exact || !got[0].Exact || !measure.IsCut(got[1]) || got[1].Exact {
		t.Errorf("time up after %s: %+v", report.TimeUp, got)
	}
	for what, interval := range map[string][2]layersize.Interval{
		"the tar":  {got[1].UnpackedBytes, want[1].UnpackedBytes},
		"the disk": {got[1].DiskBytes, want[1].DiskBytes},
	} {
		if is, size := interval[0], interval[1].Value; is.Min > size || is.Max < size || is.Min < size/4 {
			t.Errorf("%s has %d bytes: %+v", what, size, is)
		}
	}
	s.meet(nil)
	s.since()
	again, err := measurer(t, kept).Measure(t.Context(), timed(measure.Full, image))
	if err != nil || again.RequiredBytes != truth.RequiredBytes || again.TimeUp != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	for _, path := range s.since() {
		if strings.HasSuffix(path, digest(t, small)) {
			t.Errorf("what was read in time is read again: %s", path)
		}
	}
}

// TestALayerOfWhichNothingWasReadInTimeIsDeclared: the others keep what was measured.
func TestALayerOfWhichNothingWasReadInTimeIsDeclared(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l, _ := indexable(t, 1)
	small := layer(t, 1, imagetest.File{Name: "a", Size: 5000})
	image := s.push(t, "time/sample:v1", small, l)
	for _, mode := range []measure.Mode{measure.Sample, measure.Auto} {
		s.meet(hangAt(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, digest(t, l)) }))
		r := timed(mode, image)
		r.ReadBudget = 4 << 20 // the larger one is not streamed
		report, err := impatient(t, nil, nil).Measure(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		got := report.Images[0].Measurements
		if report.TimeUp != shortly || !measure.IsCut(got[1]) || got[1].Method != layersize.MethodRatio ||
			measure.IsCut(got[0]) || !got[0].Exact {
			t.Errorf("%s: %s, %+v", mode, report.TimeUp, got)
		}
	}
}

func TestNothingLearnedInTimeIsAnErrorOfTheImage(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	image := s.push(t, "time/y:v1", layer(t, 1, imagetest.File{Name: "a", Size: 5000}))
	s.meet(hangAt(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/manifests/") }))
	_, err := measurer(t, nil).Measure(t.Context(), timed(measure.Auto, "nginx:", image))
	failed, ok := errors.AsType[measure.ImageErrors](err)
	if !ok || len(failed) != 2 {
		t.Fatal(err)
	}
	if up, ok := errors.AsType[*measure.TimeUpError](failed[1]); !ok || up.After != shortly {
		t.Errorf("%v", failed[1])
	}
	if _, up := errors.AsType[*measure.TimeUpError](failed[0]); up {
		t.Errorf("%v", failed[0])
	}
}
