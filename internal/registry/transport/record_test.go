package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTheLogHasNeitherQueriesNorHeadersNorForeignPaths(t *testing.T) {
	t.Parallel()
	var lines []string
	l := &recordLink{
		next: &fakeLink{answers: []answer{withBody(200, "12345")}}, host: "r.io",
		log: func(_ context.Context, message string, fields map[string]any) {
			lines = append(lines, fmt.Sprint(message, fields))
		},
	}
	cost := new(Cost)
	for _, to := range []string{"https://r.io/v2/x?secret", "https://storage.example/secret?secret"} {
		req := requestTo(t, to)
		req.Cost, req.Header = cost, http.Header{"Authorization": {"secret"}, "Range": {"bytes=0-1,4-5,8-9"}}
		resp, err := l.roundTrip(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	if cost.Requests() != 2 || cost.Bytes() != 10 {
		t.Errorf("%d requests, %d bytes", cost.Requests(), cost.Bytes())
	}
	all := strings.Join(lines, "\n")
	if len(lines) != 2 || strings.Contains(all, "secret") {
		t.Error(all)
	}
	for _, part := range []string{
		"path:/v2/x", "host:storage.example", "status:200", "range:bytes=0-1 and 2 more", "method:GET",
	} {
		if !strings.Contains(all, part) {
			t.Errorf("%q is missing in %s", part, all)
		}
	}
}

func TestWhatFailsIsLoggedAndCountedToo(t *testing.T) {
	t.Parallel()
	logged := 0
	l := &recordLink{
		next: &fakeLink{answers: []answer{failing(errReset)}},
		log:  func(context.Context, string, map[string]any) { logged++ },
	}
	req := requestTo(t, "https://r.io/")
	req.Cost = new(Cost)
	if _, err := l.roundTrip(t.Context(), req); err == nil || logged != 1 || req.Cost.Requests() != 1 {
		t.Errorf("%v, %d lines, %d requests", err, logged, req.Cost.Requests())
	}
}
