package main

import "time"

// What the client of package tke does with a refresh; TestTheModelOfARefreshIsTheClients holds
// these to it.
const (
	cachesPerPage      = 50 // in one answer of DescribeImageCaches
	callsBeforeListing = 4  // that a burst of reads must have cost before the region is listed
	pagesPerCall       = 5  // that a listing may take for each call that the burst has cost
	maxListingTime     = 20 * time.Second
)

// maxListingPages returns how many pages a listing may take for a client of this rate.
func maxListingPages(perSecond float64) int { return max(1, int(perSecond*maxListingTime.Seconds())) }

// largestListing returns how many caches a region may have for a client of this rate to list it.
func largestListing(perSecond float64) int { return maxListingPages(perSecond) * cachesPerPage }

// modelRefreshCalls returns how many calls the refresh of a state takes whose caches are all that
// the region has, with so many reads at once: reads share calls until a listing of the region takes
// over, which those calls have to justify.
func modelRefreshCalls(caches, atOnce int, perSecond float64) int {
	alone, pages := (caches+atOnce-1)/atOnce, (caches+cachesPerPage-1)/cachesPerPage
	abandoned := 0 // listings, each of which has cost a page
	for spent := callsBeforeListing; spent < alone; spent *= 2 {
		if pages <= min(spent*pagesPerCall, maxListingPages(perSecond)) {
			return spent + abandoned + pages
		}
		abandoned++
	}
	return alone + abandoned
}
