package main

import (
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

const (
	serviceRate = 20 // requests a second for each action, as the service allows (API documentation of TKE)

	imagesOfTeam = 20
	cachesOfTeam = 100
)

// scaleFigures are worked out, not seen.
type scaleFigures struct {
	States    []scaledState
	Runners   []scaledRunners
	LargeFrom int // caches in a region from which no listing is made

	PerPlan measuringRow // one cold image, in auto
	Image   measuringFigures
	Team    teamFigures
}

// scaledState is a state of so many caches.
type scaledState struct {
	Caches, Calls int
	Calling       time.Duration // of a refresh, at the provider's own rate
	CLI           time.Duration // what the CLI and the framework take beside it
	Creating      time.Duration // calls of a first apply alone
}

type teamFigures struct{ Images, Caches, Calls int }

// scaledRunners are so many plans an hour, of a state of a team's size.
type scaledRunners struct {
	Plans       int
	Calls       int     // an hour
	OfLimit     float64 // percent of what the service allows in an hour
	ColdPulls   int     // manifests an hour, which public registries count
	ColdLayers  int     // requests to layers an hour
	ColdBytes   int64
	SharedHeads int // an hour, with a measurement cache that all share
}

func scaleFrom(f *figures) scaleFigures {
	s := scaleFigures{
		LargeFrom: largestListing(tke.DefaultMaxRequestsPerSecond),
		Team:      teamFigures{Images: imagesOfTeam, Caches: cachesOfTeam, Calls: refreshCalls(cachesOfTeam)},
	}
	largest := f.Refreshes[len(f.Refreshes)-1]
	for _, caches := range []int{10, 1000, 100_000} {
		calls := refreshCalls(caches)
		s.States = append(s.States, scaledState{
			Caches: caches, Calls: calls,
			Calling:  time.Duration(calls) * time.Second / tke.DefaultMaxRequestsPerSecond,
			CLI:      largest.Null * time.Duration(caches) / time.Duration(largest.Caches),
			Creating: time.Duration(caches) * time.Second / tke.DefaultMaxRequestsPerSecond,
		})
	}
	s.Image = typicalImage(f.Images)
	s.PerPlan = s.Image.Row("auto")
	for _, plans := range []int{10, 100, 1000} {
		s.Runners = append(s.Runners, scaledRunners{
			Plans: plans, Calls: plans * s.Team.Calls,
			OfLimit:   100 * float64(plans*s.Team.Calls) / (serviceRate * 3600),
			ColdPulls: plans * imagesOfTeam, ColdLayers: plans * imagesOfTeam * int(s.PerPlan.Requests),
			ColdBytes: int64(plans) * imagesOfTeam * s.PerPlan.Bytes, SharedHeads: plans * imagesOfTeam,
		})
	}
	return s
}

func refreshCalls(caches int) int {
	return modelRefreshCalls(caches, parallelism, tke.DefaultMaxRequestsPerSecond)
}

// typicalImage is the last of many layers that has 5 GiB at most.
func typicalImage(images []measuringFigures) measuringFigures {
	var typical measuringFigures
	for _, image := range images {
		if image.Layers > 1 && (typical.Layers == 0 || image.GiB <= 5) {
			typical = image
		}
	}
	return typical
}
