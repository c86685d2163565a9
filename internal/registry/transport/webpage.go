package transport

import (
	"bytes"
	"fmt"
	"html"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// isWebPage returns whether a document is HTML: by its first bytes, or by its type unless it is
// JSON, since servers of plain files get types wrong.
func isWebPage(header http.Header, body []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) ||
		isPageType(header) && !bytes.HasPrefix(start, []byte("{"))
}

func isPageType(header http.Header) bool {
	mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return mediaType == "text/html"
}

var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// describePage names a web page by its title.
func describePage(body []byte) string {
	const page = "a web page (HTML)"
	if title := pageTitle.FindSubmatch(body); title != nil {
		if text := strings.Join(strings.Fields(html.UnescapeString(string(title[1]))), " "); text != "" {
			return fmt.Sprintf("%s titled %q", page, text)
		}
	}
	return page
}

// pageError is the failure of an answer that is a web page, and should have been another thing.
func pageError(resp *http.Response, body []byte) error {
	return &failure.Error{
		Host: resp.Request.URL.Host, Kind: failure.WebPage, StatusCode: resp.StatusCode, Message: describePage(body),
	}
}

// CheckPage returns an error for an answer that is a web page by its type, and has not the size of
// what was asked for.
func CheckPage(resp *http.Response, size int64) error {
	if isPageType(resp.Header) && resp.ContentLength != size {
		return pageError(resp, nil)
	}
	return nil
}
