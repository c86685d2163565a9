package acceptance_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

var update = flag.Bool("update", false, "write testdata/stand-in.md anew")

// TestAccUnconfirmedPoints asks the service what its documentation leaves open, and writes down
// what it did. Against the real cloud the record goes to the file that TKEIMAGE_TESTACC_RECORD
// names; against the stand-in it is compared with testdata/stand-in.md, so that a diff of the two
// shows where the stand-in, and with it every other test, is not like the service.
func TestAccUnconfirmedPoints(t *testing.T) {
	t.Parallel()
	s := aim(t, tketest.Options{
		Clock: ticking(), SignatureClock: time.Now, TimeForms: []tketest.TimeForm{tketest.TimePlain},
	})
	record := record(s.ask(t))
	if file := os.Getenv("TKEIMAGE_TESTACC_RECORD"); s.real && file != "" {
		if err := os.WriteFile(file, []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const standIn = "testdata/stand-in.md"
	if *update && !s.real {
		if err := os.WriteFile(standIn, []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(standIn)
	if err != nil {
		t.Fatal(err)
	}
	diff := cmp.Diff(string(want), record)
	switch {
	case s.real:
		t.Logf(
			"what the service does (+) and the stand-in takes it to do (-); no difference is an empty line:\n%s",
			diff,
		)
	case diff != "":
		t.Errorf("testdata/stand-in.md says otherwise:\n%s", diff)
	}
}

// TestQuestionsTellTheAnswersApart plays the other side of each point on the stand-in: the answer
// must be another one. A point of tketest.Unconfirmed that no question is about fails, unless
// asking would cost too much.
func TestQuestionsTellTheAnswersApart(t *testing.T) {
	t.Parallel()
	unasked := map[string]string{"Quota": "finding it out means filling it up"}
	options := tketest.Options{
		Clock: ticking(), SignatureClock: time.Now, TimeForms: []tketest.TimeForm{tketest.TimePlain},
	}
	usual := aim(t, options)
	if usual.real {
		t.Skip("this tries the questions, not the service")
	}
	answers := usual.ask(t)
	for field := range reflect.TypeFor[tketest.Unconfirmed]().Fields() {
		if unasked[field.Name] != "" {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			t.Parallel()
			other := options
			other.Clock = ticking()
			value := reflect.ValueOf(&other.Unconfirmed).Elem().FieldByIndex(field.Index)
			switch value.Interface().(type) {
			case bool:
				value.SetBool(true)
			case string:
				value.SetString("FailedOperation.RecordNotFound")
			case int:
				value.SetInt(18) // below what the questions try, above what they need
			case tketest.Order:
				value.Set(reflect.ValueOf(tketest.OrderNewestFirst))
			case *time.Location:
				value.Set(reflect.ValueOf(time.FixedZone("CST", 8*60*60)))
			default:
				t.Fatalf("no other value for a %s", field.Type)
			}
			turned := aim(t, other).ask(t)
			for i := range turned {
				if turned[i].about == field.Name {
					if turned[i].seen == answers[i].seen {
						t.Errorf("%s: the answer is %q either way", turned[i].question, turned[i].seen)
					}
					return
				}
			}
			t.Error("no question is about this")
		})
	}
}

// TestQuestionsSeeWhatTheServiceMakesOfACache: a spelling of its own, and tags of the account.
func TestQuestionsSeeWhatTheServiceMakesOfACache(t *testing.T) {
	t.Parallel()
	s := aim(t, tketest.Options{
		RewriteAnswer: func(cache *tketest.Cache) { cache.Images = []string{"docker.io/library/" + cache.Images[0]} },
		AutomaticTags: []tketest.Tag{{Key: "creator", Value: "another"}},
	})
	if s.real {
		t.Skip("this tries the questions, not the service")
	}
	seen := map[string]string{}
	for _, a := range s.ask(t) {
		seen[a.about] = a.seen
	}
	if got := seen["Tell"]; got != "no: [docker.io/library/"+s.images[0]+"]" {
		t.Errorf("of images that are told in another way it says %q", got)
	}
	if got := seen["AutomaticTags"]; got != "no" {
		t.Errorf("of tags that were not asked for it says %q", got)
	}
}

func TestTheRealCloudIsUsedInTurn(t *testing.T) {
	t.Parallel()
	var inside atomic.Int64
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			inTurn(t)
			t.Cleanup(func() { inside.Add(-1) })
			if others := inside.Add(1) - 1; others != 0 {
				t.Errorf("%d others are at it", others)
			}
			time.Sleep(5 * time.Millisecond) // what one does there takes time
		})
	}
}

// ticking is a service's clock that goes a second forward with every look, so that a creation and
// an update are apart.
func ticking() func() time.Time {
	begun := time.Now()
	var looks atomic.Int64
	return func() time.Time { return begun.Add(time.Duration(looks.Add(1)) * time.Second) }
}

// An answer is what the service did.
type answer struct {
	about    string // field of tketest.Unconfirmed, or of tketest.Options
	question string
	seen     string
}

func record(answers []answer) string {
	var b strings.Builder
	b.WriteString("# What the service does where its documentation is silent\n\n| question | seen |\n| --- | --- |\n")
	for _, a := range answers {
		fmt.Fprintf(&b, "| %s | %s |\n", a.question, a.seen)
	}
	return b.String()
}
