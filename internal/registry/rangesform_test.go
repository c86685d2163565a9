package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// part is one part of a multipart/byteranges answer, and parts is its body.
func part(first, last, total int, body string) string {
	return fmt.Sprintf(
		"--x\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%s\r\n",
		first, last, total, body,
	)
}

func parts(list ...string) string { return strings.Join(list, "") + "--x--\r\n" }

const abc = "abcdefghijklmnopqrstuvwxyz"

// What an answer to "bytes=0-2,10-12,20-22" of the alphabet can be. An answer that is wrong is
// never an error by itself: the ranges are asked for one by one then.
func TestAnswersToManyRanges(t *testing.T) {
	t.Parallel()
	multipart := []string{"Content-Type", "multipart/byteranges; boundary=x"}
	a, b, c := part(0, 2, 26, "abc"), part(10, 12, 26, "klm"), part(20, 22, 26, "uvw")
	for name, test := range map[string]struct {
		status int
		header []string
		body   string
		want   error // nil: the bytes came
		forget bool  // the host is not remembered
	}{
		"in order":         {206, multipart, parts(a, b, c), nil, false},
		"in another order": {206, multipart, parts(c, a, b), nil, false},
		"a boundary in quotes": {
			206, []string{"Content-Type", `Multipart/ByteRanges; boundary="x"`}, parts(a, b, c), nil, false,
		},
		"a preamble and an epilogue": {206, multipart, "hello\r\n" + parts(a, b, c) + "bye", nil, false},
		"a total that is not known":  {206, multipart, strings.ReplaceAll(parts(a, b, c), "/26", "/*"), nil, false},
		"two merged":                 {206, multipart, parts(part(0, 12, 26, abc[:13]), c), nil, false},
		"all merged":                 {206, multipart, parts(part(0, 22, 26, abc[:23])), nil, false},
		"all merged, without parts":  {206, []string{"Content-Range", "bytes 0-22/26"}, abc[:23], nil, false},
		"line ends without CR":       {206, multipart, strings.ReplaceAll(parts(a, b, c), "\r", ""), nil, false},
		"one missing":                {206, multipart, parts(a, c), errors.ErrUnsupported, false},
		"none":                       {206, multipart, parts(), errors.ErrUnsupported, false},
		"the first alone": {
			206, []string{"Content-Range", "bytes 0-2/26"}, "abc", errors.ErrUnsupported, false,
		},
		"the last alone": {
			206, []string{"Content-Range", "bytes 20-22/26"}, "uvw", errors.ErrUnsupported, false,
		},
		"the whole":               {200, nil, abc, errors.ErrUnsupported, false},
		"one twice":               {206, multipart, parts(a, b, c, b), errors.ErrUnsupported, false},
		"one merged over another": {206, multipart, parts(b, part(0, 22, 26, abc[:23])), errors.ErrUnsupported, false},
		"one that is not asked for": {
			206, multipart, parts(a, b, part(15, 17, 26, "pqr"), c), errors.ErrUnsupported, false,
		},
		"a longer one": {
			206, multipart, parts(part(0, 3, 26, "abcd"), b, c), errors.ErrUnsupported, false,
		},
		"a shorter one":            {206, multipart, parts(part(0, 1, 26, "ab"), b, c), errors.ErrUnsupported, false},
		"a range of another place": {206, multipart, parts(part(1, 3, 26, "bcd"), b, c), errors.ErrUnsupported, false},
		"a body that is too short": {206, multipart, parts(part(0, 2, 26, "ab"), b, c), errors.ErrUnsupported, false},
		"a body that is too long": {
			206, multipart, parts(part(0, 2, 26, "abcd"), b, c), errors.ErrUnsupported, false,
		},
		"no Content-Range in a part": {
			206, multipart, "--x\r\n\r\nabc\r\n" + parts(b, c), errors.ErrUnsupported, false,
		},
		"a wrong boundary": {
			206, []string{"Content-Type", "multipart/byteranges; boundary=y"}, parts(a, b, c), errors.ErrUnsupported,
			false,
		},
		"no boundary": {
			206, []string{"Content-Type", "multipart/byteranges"}, parts(a, b, c), errors.ErrUnsupported, false,
		},
		"a boundary of 71 characters": {
			206, []string{"Content-Type", "multipart/byteranges; boundary=" + strings.Repeat("x", 71)}, "",
			errors.ErrUnsupported, false,
		},
		"neither parts nor a range": {206, nil, "abc", errors.ErrUnsupported, false},
		"no closing delimiter":      {206, multipart, a + b + c, errors.ErrUnsupported, false},
		"a header without end": {
			206, multipart, "--x\r\nX: " + strings.Repeat("y", 1<<20), errors.ErrUnsupported, false,
		},
		"a preamble without end": {206, multipart, strings.Repeat("y\r\n", 1<<20), errors.ErrUnsupported, false},
		"not satisfiable":        {416, []string{"Content-Range", "bytes */26"}, "", errors.ErrUnsupported, true},
		"a bad request":          {400, nil, "", errors.ErrUnsupported, true},
		"headers too large":      {431, nil, "", errors.ErrUnsupported, true},
		"another total":          {206, multipart, parts(part(0, 2, 27, "abc"), b, c), failure.Protocol, true},
		"another total, merged":  {206, []string{"Content-Range", "bytes 0-22/23"}, abc[:23], failure.Protocol, true},
		"another whole":          {200, []string{"Content-Length", "5"}, "abcde", failure.Malformed, true},
		"no such blob":           {404, nil, "", failure.NotFound, true},
		"forbidden":              {403, nil, "", failure.Forbidden, true},
		"a limit":                {429, nil, "", failure.RateLimited, true},
		"a failure":              {502, nil, "", failure.Unavailable, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, client, image := withLayer(t, []byte(abc))
			s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
				for i := 0; i < len(test.header); i += 2 {
					w.Header().Set(test.header[i], test.header[i+1])
				}
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			})
			blob := client.Blob(t.Context(), image, image.Layers[0])
			buffers, offsets := buffersFor([2]int{0, 3}, [2]int{10, 3}, [2]int{20, 3})
			err := blob.ReadRanges(buffers, offsets)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if got := string(bytes.Join(buffers, nil)); test.want == nil && got != "abcklmuvw" {
				t.Errorf("%q", got)
			}
			if known := blob.reader.facts.oneRange.isKnown(); known != (test.want != nil && !test.forget) {
				t.Errorf("remembered for the host: %v", known)
			}
			if read, _ := blob.Stats(); read > 64<<10 {
				t.Errorf("%d bytes were read", read)
			}
		})
	}
}

func TestAServerMayMergeOnlyWhatIsNear(t *testing.T) {
	t.Parallel()
	for second, want := range map[int64]error{3 + maxGap: nil, 4 + maxGap: errPartUnasked} {
		wanted := []*wantedRange{{first: 0, data: make([]byte, 3)}, {first: second, data: make([]byte, 3)}}
		within, err := coveredRanges(contentRange{first: 0, last: second + 2, total: 1 << 20}, 1<<20, wanted)
		if !errors.Is(err, want) || err == nil && len(within) != 2 {
			t.Errorf("a second range at %d: %d, %v", second, len(within), err)
		}
	}
}

// FuzzRangesForm sees that no answer puts a wrong byte in its place, as far as its headers tell:
// the body of every part is what its Content-Range says it is, so each byte that is accepted must
// be the one of its offset.
func FuzzRangesForm(f *testing.F) {
	a, b, c := part(0, 2, 26, "abc"), part(10, 12, 26, "klm"), part(20, 22, 26, "uvw")
	f.Add("multipart/byteranges; boundary=x", "", parts(a, b, c))
	f.Add("multipart/byteranges; boundary=x", "", parts(part(0, 22, 26, abc[:23])))
	f.Add("multipart/byteranges; boundary=x", "", "--x\r\n"+parts(c, b, a))
	f.Add("", "bytes 0-22/26", abc[:23])
	f.Fuzz(func(t *testing.T, contentType, contentRange, body string) {
		header := http.Header{"Content-Type": {contentType}, "Content-Range": {contentRange}}
		var wanted []*wantedRange
		for _, first := range []int64{0, 10, 20} {
			wanted = append(wanted, &wantedRange{first: first, data: make([]byte, 3)})
		}
		form, err := parseRangesForm(header, 26, wanted)
		if err != nil {
			return
		}
		limited := &limitedBody{body: strings.NewReader(body)}
		err = form.readInto(limited, 26, wanted)
		for _, w := range wanted {
			if w.got > 3 || err == nil && !w.isDone() {
				t.Fatalf("%d bytes at %d, %v", w.got, w.first, err)
			}
			if err == nil && !strings.Contains(body, string(w.data)) {
				t.Fatalf("%q at %d is not of the answer %q", w.data, w.first, body)
			}
		}
	})
}
