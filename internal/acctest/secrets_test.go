package acctest

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

func TestASecretIsFoundInTheFormsInWhichItTravels(t *testing.T) {
	t.Parallel()
	const canary, password = "CANARY", "CANARY-registry-password"
	for _, user := range []string{"", "u", "us", "use", "user"} {
		request := &http.Request{Header: http.Header{}}
		request.SetBasicAuth(user, password)
		auth := base64.URLEncoding.EncodeToString([]byte(`{"username":"` + user + `","password":"` + password + `"}`))
		for _, text := range []string{request.Header.Get("Authorization"), auth} {
			if FindSecret("sent "+text+" to it", canary) < 0 || strings.Contains(text, canary) {
				t.Errorf("user %q: the password was not found in %s", user, text)
			}
		}
	}
	if at := FindSecret("said "+password, canary); at != 5 {
		t.Errorf("the password as it is was found at %d", at)
	}
	for _, text := range []string{"", "CANAR", base64.StdEncoding.EncodeToString([]byte("u:CANAR-Y"))} {
		if at := FindSecret(text, canary); at >= 0 {
			t.Errorf("%q holds no secret, and one was found at %d", text, at)
		}
	}
}
