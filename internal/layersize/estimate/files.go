package estimate

import (
	"math"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// weighed is an entry with the inverse of the chance that a window shows it.
type weighed struct {
	transcript.Entry
	weight float64
}

// Files is a sample of a layer's tar headers, window by window.
type Files struct {
	windows []fileWindow
	ends    []fileWindow // the first and the last window, which count for themselves alone
	size    float64      // of the stream
	length  float64      // of the tar; 0 where it is not known
	whole   bool         // one window, which is the whole stream
}

// fileWindow is what one window shows: how much of it was searched for headers, and those found.
type fileWindow struct {
	in, out float64 // weighted bytes of the stream and of the tar; at the ends, without weights
	entries []weighed
}

// sampleFiles gathers what windows, and the two ends, have shown of the files in a stream of so many
// bytes. What stands at the ends is often of a kind of its own, directories or what was copied last:
// it says nothing of the rest, unless no window does.
func sampleFiles(middle, ends []*Observation, size float64) Files {
	if windows := searchedOf(inOrder(middle)); len(windows) > 0 {
		return Files{windows: windows, ends: searchedOf(withoutWeights(ends)), size: size}
	}
	return Files{windows: searchedOf(ends), size: size}
}

// searchedOf are the windows that were searched for headers.
func searchedOf(obs []*Observation) (windows []fileWindow) {
	for _, o := range obs {
		if o.Decoded && o.search > 0 {
			windows = append(windows, fileWindow{in: o.search, out: o.searchOut, entries: o.entries})
		}
	}
	return windows
}

// WholeFiles are those of a stream that was decoded from end to end.
func WholeFiles(o *Observation) Files {
	return Files{windows: []fileWindow{{in: o.search, out: o.searchOut, entries: o.entries}}, whole: true}
}

// Known reports whether anything was searched for headers.
func (f Files) Known() bool { return len(f.windows) > 0 }

// Within is the same sample where the length of the tar is known otherwise.
func (f Files) Within(length int64) Files {
	f.length = float64(length)
	return f
}

// Count estimates the headers of the whole stream. Extended headers (PAX, GNU's long names) are
// counted with the rest.
func (f Files) Count() layersize.Interval {
	return f.Total(func(transcript.Entry) float64 { return 1 }, 1)
}

const (
	// ordinary is the length of a small file in the compressed stream, in bytes.
	ordinary = 4096

	// fileBounds is the chance that the truth is above the upper bound, and that it is below the
	// lower one.
	fileBounds = 0.005
)

// Total estimates the sum of a figure over all entries of the layer, with bounds that come from the
// scatter between windows. An entry of which a window does not show enough has the mean of those
// that are alike. typical is the figure of a small file: as many of those as a few windows can have
// missed may be where none was seen.
func (f Files) Total(of func(transcript.Entry) float64, typical float64) layersize.Interval {
	if !f.Known() {
		return layersize.Interval{}
	}
	means := f.means(of, typical)
	sums := sumsOf(f.windows, of, means)
	if f.whole {
		n := int64(math.Round(sums[0]))
		return layersize.Exactly(n)
	}
	rest := f.rest()
	value, err, df := rest.ratioTotal(sums, typical)
	n := float64(len(sums))
	if n < 2 {
		err = math.Abs(value) + typical*rest.size/ordinary
	}
	lo, hi := skewed(value, err, df)
	// No window may have met what makes up so much of the stream, by the rule of three.
	missed := -math.Log(fileBounds) / n * rest.size / ordinary * typical
	if seen := countSeen(f.windows); seen*2 <= len(f.windows) {
		hi = max(hi, value+missed*(1-float64(seen)/n))
	}
	less, more := rest.unclear(of, means[empty])
	atEnds := sum(sumsOf(f.ends, of, means))
	return layersize.Interval{
		Value: int64(atEnds + value),
		Min:   int64(math.Floor(atEnds + min(lo, value) - less)),
		Max:   saturate(math.Ceil(atEnds + max(hi, value) + more)),
	}
}

// rest is the same sample, of which size and length are those of the stream without its ends.
func (f Files) rest() Files {
	for _, end := range f.ends {
		f.size = max(0, f.size-end.in)
		if f.length > 0 {
			f.length = max(1, f.length-end.out)
		}
	}
	return f
}

// unclear is how much less, and how much more, a total is if all entries that have no content, and of
// which none is known, are links, or directories; mean is what each of them counts in it. An encoder
// finds headers to be as one before, so that windows may show nothing else of them. f is the rest of
// a stream with its ends.
func (f Files) unclear(of func(transcript.Entry) float64, mean float64) (less, more float64) {
	sampled, known := countUnclear(f.windows)
	atEnds, knownAtEnds := countUnclear(f.ends)
	if known || knownAtEnds {
		return 0, 0
	}
	searched := 0.0
	for _, w := range f.windows {
		searched += w.in
	}
	number := sampled/searched*f.size + atEnds
	return number * max(0, mean-of(transcript.Entry{Kind: '1'})), number * max(0, of(transcript.Entry{Kind: '5'})-mean)
}

// countUnclear returns the weight of the entries without content of which windows show no more, and
// whether they show more of any.
func countUnclear(windows []fileWindow) (unclear float64, known bool) {
	for _, w := range windows {
		for _, e := range w.entries {
			switch {
			case likenessOf(e.Entry) != empty:
			case e.IsKnown():
				known = true
			default:
				unclear += e.weight
			}
		}
	}
	return unclear, known
}

// sumsOf are the weighted figures of each window. An entry of which a window does not show enough has
// the mean of those that are alike.
func sumsOf(windows []fileWindow, of func(transcript.Entry) float64, means [3]float64) []float64 {
	sums := make([]float64, len(windows))
	for i, w := range windows {
		for _, e := range w.entries {
			figure := means[likenessOf(e.Entry)]
			if e.IsKnown() {
				figure = of(e.Entry)
			}
			sums[i] += e.weight * figure
		}
	}
	return sums
}

// What is known most often of an entry: whether content follows its header.
const (
	unseen = iota
	empty
	filled
)

// likenessOf tells entries apart by that.
func likenessOf(e transcript.Entry) int {
	switch {
	case e.Size < 0:
		return unseen
	case e.Size == 0:
		return empty
	}
	return filled
}

// means are the mean figures of the entries that are known, of all and by their likeness.
func (f Files) means(of func(transcript.Entry) float64, typical float64) (means [3]float64) {
	var figures, weights [3]float64
	for _, w := range slices.Concat(f.windows, f.ends) {
		for _, e := range w.entries {
			if e.IsKnown() {
				figure, like := e.weight*of(e.Entry), likenessOf(e.Entry)
				figures[0], weights[0] = figures[0]+figure, weights[0]+e.weight
				figures[like], weights[like] = figures[like]+figure, weights[like]+e.weight
			}
		}
	}
	for i := range means {
		switch {
		case weights[i] > 0:
			means[i] = figures[i] / weights[i]
		case weights[0] > 0:
			means[i] = figures[0] / weights[0]
		default:
			means[i] = typical
		}
	}
	return means
}

// ratioTotal is the estimate for the whole: by what was searched of the stream, or, where the
// length of the tar is known, by what that came to, if that scatters less: among files that are
// alike in size but not in content it does.
func (f Files) ratioTotal(sums []float64, typical float64) (value, err, df float64) {
	ins, outs := make([]float64, len(sums)), make([]float64, len(sums))
	for i, w := range f.windows {
		ins[i], outs[i] = w.in, w.out
	}
	ratio, usual := sum(sums)/sum(ins), typical/tarball.TypicalEntry
	se, df := filesBelief.beside(usual*sum(outs)/sum(ins)).standardError(ins, sums, ratio)
	value, err = ratio*f.size, se*f.size
	if f.length > 0 && sum(outs) > 0 {
		ratio = sum(sums) / sum(outs)
		if se, _ = filesBelief.beside(usual).standardError(outs, sums, ratio); se*f.length < err {
			value, err = ratio*f.length, se*f.length
		}
	}
	return value, err, df
}

// beside is the same belief where the mean is usually another.
func (b belief) beside(usual float64) belief {
	b.usual = usual
	return b
}

// skewed bounds a total by its standard error. Files come in clusters, directories of small ones,
// so that a total of which windows have seen but a few is skewed: it is a gamma of the same mean
// and error. One that may be less than nothing is Student's.
func skewed(value, err, df float64) (lo, hi float64) {
	far := err * studentQuantile(df, 1-fileBounds)
	if value <= 0 || err <= 0 {
		return value - far, value + far
	}
	shape := sq(value / err)
	wide := studentQuantile(df, 1-fileBounds) / normalQuantile(1-fileBounds) // as the error is estimated, too
	shape /= sq(wide)
	// The scale of a gamma whose mean is next to nothing has no bound. Whatever the distribution, no more
	// of it lies beyond so many standard errors (Cantelli's inequality).
	most := value + err*wide*math.Sqrt((1-fileBounds)/fileBounds)
	return value / shape * gammaQuantile(shape, fileBounds),
		min(most, value/shape*gammaQuantile(shape+1, 1-fileBounds))
}

func countSeen(windows []fileWindow) (seen int) {
	for _, w := range windows {
		if len(w.entries) > 0 {
			seen++
		}
	}
	return seen
}

// Gain estimates what the entries hold on a disk beyond what they take in the tar, in bytes.
func (f Files) Gain() layersize.Interval {
	return f.Total(func(e transcript.Entry) float64 {
		return float64(tarball.Header{Kind: e.Kind, Size: e.Size}.Gain())
	}, tarball.TypicalGain)
}

// Entries estimates the entries: headers without those that only say more of the next one.
func (f Files) Entries() layersize.Interval {
	return f.Total(func(e transcript.Entry) float64 {
		return float64(tarball.Header{Kind: e.Kind, Size: e.Size}.Entries())
	}, 1)
}

// filesKnown is the part of what a layer takes, packed and unpacked, that its files may leave
// uncertain.
const filesKnown = 20

// FilesKnown reports whether more windows would hardly change what the layer takes on a disk by what
// they show of its files.
func (e Estimate) FilesKnown(size int64) bool {
	gain := e.Files.Gain()
	return e.Files.Known() && gain.Max-gain.Min <= (size+e.Unpacked.Value)/filesKnown
}
