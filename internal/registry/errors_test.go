package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestARegistryThatEchoesItsCredentialsDoesNotMakeThemShow(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusUnauthorized)
		username, password, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s and %s in %s are wrong", username, password, r.Header.Get("Authorization"))
		return true
	}
	config := quick(t)
	config.Transport.Hosts = withPassword(s.host())
	_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
	e := assertKind(t, err, failure.Unauthorized)
	if strings.Contains(e.Error(), basicOf(user, canaryPassword)) || !strings.Contains(e.Error(), "[redacted]") {
		t.Error(e)
	}
}
