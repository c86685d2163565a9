package provider

import "testing"

// TestEndpointsAreHeldToTheirEnd: what would be left out of requests is refused where it is
// written.
func TestEndpointsAreHeldToTheirEnd(t *testing.T) {
	t.Parallel()
	for url, whole := range map[string]bool{
		"https://tke.example.com": true, "http://127.0.0.1:8080/": true, "https://proxy.example.com/tke": true,
		"tke.example.com": false, "ftp://tke.example.com": false, "https://": false,
		"https://tke.example.com?a=b": false, "https://tke.example.com/#a": false,
		"https://u:p@tke.example.com": false, "https://tke.example.com and more": false,
		"https://tke.example.com\n": false,
	} {
		if wholeURL.MatchString(url) != whole {
			t.Errorf("%q: want %v", url, whole)
		}
	}
}
