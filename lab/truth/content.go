//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
)

// A content is one kind of bytes: fill writes the next block of them.
type content struct {
	fill func(random *rand.ChaCha8, block []byte)
}

var (
	// noise does not compress, like weights in 16 bits.
	noise = &content{fillNoise}

	// halfFloats are a model's weights: numbers of a normal distribution in 16 bits (bfloat16), of
	// which the upper byte compresses.
	halfFloats = &content{fillHalfFloats}

	// zeros compress a thousand to one.
	zeros = &content{func(_ *rand.ChaCha8, block []byte) { clear(block) }}

	// halves are sixteen letters in no order: a Huffman code takes half a byte for each, and
	// nothing repeats.
	halves = &content{fillHalves}

	// periodic are runs that recur within the reach of deflate: some 190 to one.
	periodic = &content{fillPeriodic}

	// records are lines that differ in a few places, like logs and tables: some ten to one.
	records = &content{fillRecords}

	// text is words at random: some three to one.
	text = &content{fillText}
)

func fillNoise(random *rand.ChaCha8, p []byte) { _, _ = random.Read(p) } // never fails

func fillPeriodic(random *rand.ChaCha8, block []byte) {
	const period = 512
	fillNoise(random, block[:period])
	for filled := period; filled < len(block); filled *= 2 {
		copy(block[filled:], block[:filled])
	}
}

func fillHalfFloats(random *rand.ChaCha8, block []byte) {
	normal := rand.New(random)
	for i := 0; i+2 <= len(block); i += 2 {
		binary.LittleEndian.PutUint16(block[i:], uint16(math.Float32bits(float32(normal.NormFloat64()/50))>>16))
	}
}

func fillHalves(random *rand.ChaCha8, block []byte) {
	const letters = "abcdefghijklmnop"
	for i := 0; i+16 <= len(block); i += 16 {
		bits := random.Uint64()
		for k := range 16 {
			block[i+k] = letters[bits>>(4*k)&15]
		}
	}
}

func fillText(random *rand.ChaCha8, block []byte) {
	words := []string{
		"return ", "func ", "the ", "of ", "measure ", "layer ", "if err != nil {\n", "\n", "\t", "0x", "image ", "a ",
		"and ", "disk ", "();\n", "to ",
	}
	for at := 0; at < len(block); {
		bits := random.Uint64()
		at += copy(block[at:], words[bits&15])
		if bits&(7<<4) == 0 { // a name now and then
			name := []byte{'a' + byte(bits>>8&15), 'a' + byte(bits>>12&15), 'a' + byte(bits>>16&15), ' '}
			at += copy(block[at:], name)
		}
	}
}

func fillRecords(random *rand.ChaCha8, block []byte) {
	for at := 0; at < len(block); {
		bits := random.Uint64()
		line := fmt.Sprintf(
			"2024-05-%02dT08:15:30Z level=info component=scheduler id=%06x node=worker-%d "+
				"msg=\"reconciled\" duration_ms=%d\n",
			1+bits&15, bits>>4&0xffffff, bits>>28&7, bits>>31&1023,
		)
		at += copy(block[at:], line)
	}
}

// A source is an endless stream of one content.
type source struct {
	*content
	random      *rand.ChaCha8
	block, left []byte
}

var _ io.Reader = (*source)(nil)

func (s *source) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		if s.block == nil {
			s.block = make([]byte, mib)
		}
		s.fill(s.random, s.block)
		s.left = s.block
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}
