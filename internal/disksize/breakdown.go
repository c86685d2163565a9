package disksize

// Breakdown is the arithmetic from a Request to the disk, in bytes that add up to the disk's size.
type Breakdown struct {
	Required   int64 // what containerd holds
	Writable   int64 // what the containers write
	Headroom   int64 // what stays free, so that no more than the utilization is used
	FileSystem int64 // what the file system of that disk keeps for itself
	Rounding   int64 // what is left: up to a size that can be ordered
	ForFiles   bool  // a smaller disk would hold the bytes, and not as many files
}

// Explain returns the arithmetic by which a disk was recommended for a request.
func (r Recommendation) Explain(of Request) Breakdown {
	size := r.SizeGiB * GiB
	held := of.RequiredBytes + of.WritableBytes
	usable := ceilDiv(held*100, int64(max(of.MaxUtilizationPercent, 1)))
	b := Breakdown{
		Required: of.RequiredBytes, Writable: of.WritableBytes, Headroom: usable - held,
		FileSystem: size - r.UsableBytes,
	}
	b.Rounding = r.UsableBytes - usable
	of.Inodes = 0
	byBytes, err := Recommend(of)
	b.ForFiles = err == nil && byBytes.SizeGiB < r.SizeGiB
	return b
}
