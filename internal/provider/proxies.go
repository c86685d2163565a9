package provider

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// proxyVariables are where net/http finds proxies, and curl others.
var proxyVariables = []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}

// proxyPasswords are the secrets within the addresses of proxies, also of those that are no URLs:
// net/http quotes them when it says so.
func proxyPasswords(getenv func(string) string) []string {
	var found []string
	for _, name := range proxyVariables {
		address := getenv(name)
		if _, after, hasScheme := strings.Cut(address, "://"); hasScheme {
			address = after
		}
		at := strings.LastIndex(address, "@")
		if at < 0 {
			continue
		}
		user, password, _ := strings.Cut(address[:at], ":")
		found = append(found, password)
		if plain, err := url.PathUnescape(password); err == nil {
			found = append(found, plain, base64.StdEncoding.EncodeToString([]byte(user+":"+plain)))
		}
	}
	return found
}
