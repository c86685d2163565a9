package tke

// LimitSweep makes a client's sweeps as short as those of one with a low rate are.
func (c *Client) LimitSweep(perSecond float64) { c.listingPages = maxListingPages(perSecond) }
