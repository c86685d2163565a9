package transcript

// Slack is the number of zero bytes behind a window, so that decoders can always load eight bytes.
const Slack = 8

// Pad copies a window into a buffer with the slack that decoders want.
func Pad(window []byte) []byte {
	data := make([]byte, len(window)+Slack)
	copy(data, window)
	return data
}

// Span is a short run of input and what came of it. A window is kept as
// spans so that each can be weighted by its own chance of being sampled.
type Span struct {
	End   int64 // bits between the window's start and this span's end
	Depth int64 // bits between the block boundary where decoding could have begun and this span
	Bits  int64 // input
	Out   int64 // output, in bytes
}
