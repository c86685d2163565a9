package sampling

import "math"

// entries are all that windows have shown of files.
func entries(obs []*observation) (all []Entry) {
	for _, o := range obs {
		all = append(all, o.entries...)
	}
	return all
}

// wholeFiles is the count of a stream that was decoded from end to end.
func wholeFiles(o *observation) Interval {
	n := int64(math.Round(o.headers))
	return Interval{n, n, n}
}

// files estimates the tar entries of the whole stream from the headers that the
// windows showed.
func files(obs []*observation, size float64) Interval {
	var heads, search []float64
	seen := 0
	for _, o := range obs {
		if o.decoded && o.search > 0 {
			heads = append(heads, o.headers)
			search = append(search, o.search)
			seen += btoi(o.headers > 0)
		}
	}
	n := len(search)
	if n == 0 {
		return Interval{Max: -1}
	}
	rate := sum(heads) / sum(search)
	value := rate * size
	if seen*2 > n {
		// Headers nearly everywhere: the scatter between windows tells all.
		err, df := standardError(search, heads, rate)
		far := err * size * studentQuantile(df, 0.995)
		return filesInterval(value, value-far, value+far)
	}
	// Headers come in clusters, directories of small files. What k windows tell
	// of them is a gamma of shape k; when none was seen, one window of ordinary
	// density could have been missed.
	k := effective(heads)
	per := size / float64(n)
	if k == 0 {
		return filesInterval(0, 0, max(gammaQuantile(1, 0.99)*per, unseen(n)*size)/ordinary)
	}
	each := value / k
	hi := max(gammaQuantile(k+1, 0.99)*each, unseen(n)*size/ordinary)
	return filesInterval(value, gammaQuantile(k, 0.01)*each, hi)
}

// ordinary is the length of a small file in the compressed stream, in bytes.
const ordinary = 4096

// unseen is the share of a stream that may consist of small files although few windows showed any: all of it, until there are
// enough windows for their scatter to mean something.
func unseen(windows int) float64 {
	const enough = 16
	if windows < enough {
		return 1
	}
	return 0
}

func filesInterval(value, lo, hi float64) Interval {
	lo, hi = max(0, min(lo, value)), max(hi, value)
	return Interval{int64(value), int64(lo), saturate(math.Ceil(hi))}
}
