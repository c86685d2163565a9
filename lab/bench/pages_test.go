package main

import (
	"strings"
	"testing"
	"time"
)

// seen are figures such as a run gives.
func seen() *figures {
	pull := measuringRow{How: cranePull, Bytes: 5e9, Requests: 42, Wall: 20 * time.Second, Peak: 30e6}
	auto := measuringRow{How: "auto", Bytes: 12e6, Requests: 100, Wall: time.Second, Peak: 40e6, Pull: &pull}
	pull.Pull = &pull
	earlier := measuringRow{
		How: "auto (earlier build)", Bytes: 24e6, Requests: 400, Wall: 2 * time.Second, Pull: &pull, Earlier: true,
	}
	return &figures{
		Machine: machine{
			Date: "2026-01-02", Processor: "some processor", Cores: 2, MemoryGiB: 24, Platform: "linux/amd64",
			Go: "go1.26", Took: 9 * time.Minute,
		},
		Starts: []startFigures{
			{
				Title:     "tkeimage",
				Binary:    20e6,
				Handshake: 8 * time.Millisecond,
				Schema:    12 * time.Millisecond,
				Resident:  21e6,
			},
			{
				Title:     "an empty provider",
				Binary:    18e6,
				Handshake: 7 * time.Millisecond,
				Schema:    10 * time.Millisecond,
				Resident:  17e6,
			},
		},
		Plan: planFigures{With: 900 * time.Millisecond, Without: 800 * time.Millisecond, Calls: 1, Requests: 2},
		Refreshes: []refreshFigures{{
			Caches: 1000,
			Calls:  25,
			Wall:   6 * time.Second,
			Null:   4 * time.Second,
			Single: 66 * time.Second,
			Peak:   50e6,
		}},
		Images: []measuringFigures{{
			GiB: 5, Layers: 40, Size: 5e9, Unpacked: 7e9, Rows: []measuringRow{auto, pull, earlier},
		}},
		OneRange: []measuringFigures{
			{GiB: 10, Layers: 1, Rows: []measuringRow{
				{How: "auto", Bytes: 48e6, Requests: 200, Wall: 2 * time.Second},
				{How: "auto (earlier build)", Bytes: 48e6, Requests: 800, Wall: time.Second, Earlier: true},
			}},
			{GiB: 20, Layers: 40, Rows: []measuringRow{
				{How: "auto", Bytes: 48e6, Requests: 800, Wall: 2 * time.Second},
				{How: "auto (earlier build)", Bytes: 48e6, Requests: 800, Wall: time.Second, Earlier: true},
			}},
		},
		Logins: []loginFigures{{
			How: "slow", Layers: 4, Wall: 6 * time.Second, Earlier: time.Minute, Requests: 41, Was: 410, Wanted: 0.15,
		}},
		Streamed: []streamingFigures{{
			Layers: 4, Size: 4e9, Gzip: 30 * time.Second, Full: 20 * time.Second, InFlight: 4,
		}},
		Waiting: waitingFigures{
			Caches: 50, Calls: 12, Pollers: 1300, Median: 2 * time.Second, Longest: 3 * time.Second,
		},
	}
}

// TestThePagesSayWhatWasSeen: every section has its figures, in their units.
func TestThePagesSayWhatWasSeen(t *testing.T) {
	t.Parallel()
	for page, wanted := range map[string][]string{
		"what-it-costs": {
			"on 2026-01-02, with 2 cores", "in 540 s", "| tkeimage | 20 MB | 8 ms | 12 ms | 21 MB |",
			"| the provider's share | 100 ms |", "1 call to the service and 2 requests",
			"| 1,000 | 25 | 6 s | 4 s | 2 s | 66 s | 50 MB |",
			`| ` + "`measure = \"auto\"`" + ` | 12 MB | 100 | 1 s | 40 MB | 0.24 % | 5 % |`,
			"| 5 GiB in 40 layers | `auto` | 100 | 0.25 |  | 0.50 | 0.50 |",
			"| 10 GiB in 1 layer, one range per request | `auto` | 200 | 0.25 | 0.33 | 1.00 | 2.00 |",
			"| 20 GiB in 40 layers, one range per request | `auto` | 800 | 1.00 | 0.33, missed: ",
			"| to an answered schema request | 1.20 | 1.50 |", "| memory then | 1.24 | 1.20 |", "| binary | 1.11 | 1.15 |",
			"| slow | 4 | 6 s | 0.10 | 41 | 0.10 |",
			"| `crane pull` | 5 GB | 42 | 20 s | 30 MB | 100 % | 100 % |", "| 4 | 4 GB | 30 s | 20 s | 1.5 | 4 |",
			"looked 12 times", "looked 1,300 times", "took 2 s in the median",
		},
		"scale": {
			"| 10 | 1 |", "| 1,000 | 24 | 1.6 s | 4 s | 67 s |", "| 100,000 | 10,012 | 11 min | 400 s | 111 min |",
			"up to 15,000", "| 1,000 | 6,000 | 8.3 % | 20,000 | 2,000,000 | 240 GB | 20,000 |",
		},
	} {
		text, err := seen().renderPage(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%s", page, want, text)
			}
		}
		for _, wrong := range []string{"<no value>", "%!", "NaN", "Inf"} {
			if strings.Contains(text, wrong) {
				t.Errorf("%s says %s", page, wrong)
			}
		}
	}
}

// TestThePagesSayWhatCannotBeTold: of two times that are too near to each other, and of a machine
// that others used.
func TestThePagesSayWhatCannotBeTold(t *testing.T) {
	t.Parallel()
	quiet, err := seen().renderPage("what-it-costs")
	if err != nil {
		t.Fatal(err)
	}
	f := seen()
	f.Plan.With, f.Machine.Load = f.Plan.Without-time.Millisecond, 7.5
	f.Images = append(f.Images, measuringFigures{
		GiB:    10,
		Layers: 1,
		Rows:   []measuringRow{{How: "sample", Wall: time.Second}, {How: "full", Wall: 80 * time.Second}},
	})
	for i := range f.Images[1].Rows {
		f.Images[1].Rows[i].Pull = &f.Images[1].Rows[1]
	}
	busy, err := f.renderPage("what-it-costs")
	if err != nil {
		t.Fatal(err)
	}
	for _, only := range []string{
		"| the provider's share | too little to measure |", "a load of 7.5",
		"`sample` took 1.2 % of the time of `full`",
	} {
		if !strings.Contains(busy, only) || strings.Contains(quiet, only) {
			t.Errorf("%q is to be said of one run and not of the other", only)
		}
	}
}

// TestWhatIsPromisedIsHeld: each figure that breaks its promise is told.
func TestWhatIsPromisedIsHeld(t *testing.T) {
	t.Parallel()
	if err := seen().checkPromises(); err != nil {
		t.Error(err)
	}
	for name, breaks := range map[string]func(*figures){
		"binary":  func(f *figures) { f.Starts[0].Binary = maxBinaryBytes + 1 },
		"schema":  func(f *figures) { f.Starts[0].Schema = time.Second },
		"refresh": func(f *figures) { f.Refreshes[0].Calls = 26 },
		"floor":   func(f *figures) { f.Starts[0].Schema = 21 * time.Millisecond },
		"memory":  func(f *figures) { f.Starts[0].Resident = 35e6 },
		"waiting": func(f *figures) { f.Waiting.Calls = 131 },
		"waited":  func(f *figures) { f.Waiting.Median = 4 * time.Second },
		"full":    func(f *figures) { f.Streamed[0].Full = time.Minute },
		"time of sample": func(f *figures) {
			f.Images[0].GiB, f.Images[0].Layers = 10, 1
			f.Images[0].Rows = []measuringRow{{How: "sample", Wall: time.Second}, {How: "full", Wall: 30 * time.Second}}
		},
		"sample": func(f *figures) {
			f.Images[0].Rows[0].How, f.Images[0].Rows[0].Bytes = "sample", 1e9
		},
		"requests of the earlier build":                 func(f *figures) { f.Images[0].Rows[0].Requests = 401 },
		"bytes of the earlier build":                    func(f *figures) { f.Images[0].Rows[0].Bytes = 32e6 },
		"requests of one range":                         func(f *figures) { f.OneRange[0].Rows[0].Requests = 267 },
		"bytes of one range":                            func(f *figures) { f.OneRange[0].Rows[0].Bytes = 58e6 },
		"bytes of one range, where requests are missed": func(f *figures) { f.OneRange[1].Rows[0].Bytes = 63e6 },
		"login": func(f *figures) { f.Logins[0].Wall = 10 * time.Second },
		"a goal": func(f *figures) {
			f.Images[0].GiB, f.Images[0].Layers = 10, 1
			f.Images[0].Rows[0].Requests, f.Images[0].Rows[2].Requests = 41, 400
		},
		"one layer": func(f *figures) {
			f.Images[0].Layers, f.Images[0].Rows[0].How, f.Images[0].Rows[0].Bytes = 1, "sample", 17<<20
		},
	} {
		f := seen()
		breaks(f)
		if f.checkPromises() == nil {
			t.Errorf("%s: a broken promise went unnoticed", name)
		}
	}
}

func TestNumbersAreReadable(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"0 B": formatSize(0), "999 B": formatSize(999), "1.23 kB": formatSize(1234),
		"20 GB": formatSize(20_000_000_000), "1.11 TB": formatSize(1_110_000_000_000),
		"0": formatCount(0), "999": formatCount(999), "1,000": formatCount(1000), "4,260,000": formatCount(4_260_000),
		"0.05 s": formatSeconds(50 * time.Millisecond), "9.9 s": formatSeconds(9900 * time.Millisecond),
		"599 s": formatSeconds(599 * time.Second), "10 min": formatSeconds(10 * time.Minute),
		"3.0 h":  formatSeconds(3 * time.Hour),
		"0.01 %": formatPercent(0.0101), "12 %": formatPercent(12.3),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCallsOfARefreshGrowMoreSlowlyThanCaches(t *testing.T) {
	t.Parallel()
	for caches, want := range map[int]int{
		0: 0, 1: 1, 10: 1, 40: 4, 100: 6, 1000: 24, 15_000: 368, 20_000: 2009, 100_000: 10_012,
	} {
		if got := refreshCalls(caches); got != want {
			t.Errorf("%d caches: %d calls, want %d", caches, got, want)
		}
	}
}
