package giant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

// Scheme is how a registry wants to be authorized.
type Scheme string

// The schemes: without any, everything is public.
const (
	Basic  Scheme = "Basic"  // the password is checked at every request, as by an htpasswd file
	Bearer Scheme = "Bearer" // it is checked by the token service alone
)

// Login is who may read, and how long it takes to find out.
type Login struct {
	Scheme             Scheme
	Username, Password string
	Takes              time.Duration // each check of the password
	AtOnce             int           // checks at one time, 0 for any number: a hash takes a core
}

const (
	tokenPath   = "/token"
	issuedToken = "issued"
)

// loginCheck decides which requests are served.
type loginCheck struct {
	Login
	checks *semaphore.Weighted // nil for any number
}

func newLoginCheck(login Login) *loginCheck {
	d := &loginCheck{Login: login}
	if login.AtOnce > 0 {
		d.checks = semaphore.NewWeighted(int64(login.AtOnce))
	}
	return d
}

// admit reports whether a request is to be served. If not, it has been answered.
func (l *loginCheck) admit(w http.ResponseWriter, req *http.Request) bool {
	switch {
	case l.Scheme == "":
		return true
	case l.Scheme == Basic:
		return l.checkPassword(w, req, `Basic realm="registry"`)
	case req.URL.Path == tokenPath:
		if l.checkPassword(w, req, `Basic realm="tokens"`) {
			_ = json.NewEncoder(w).Encode(map[string]any{"token": issuedToken, "expires_in": 300})
		}
		return false
	case req.Header.Get("Authorization") != "Bearer "+issuedToken:
		refuseLogin(w, fmt.Sprintf(`Bearer realm="http://%s%s",service="registry"`, req.Host, tokenPath))
		return false
	}
	return true
}

// checkPassword takes its time where there is a password to check.
func (l *loginCheck) checkPassword(w http.ResponseWriter, req *http.Request, challenge string) bool {
	username, password, sent := req.BasicAuth()
	if sent && !l.takeTime(req) {
		return false
	}
	if username == l.Username && password == l.Password {
		return true
	}
	refuseLogin(w, challenge)
	return false
}

// takeTime waits as long as a check takes, and reports whether the client still waits.
func (l *loginCheck) takeTime(req *http.Request) bool {
	if l.checks != nil {
		if l.checks.Acquire(req.Context(), 1) != nil {
			return false
		}
		defer l.checks.Release(1)
	}
	return waitFor(req, l.Takes)
}

func refuseLogin(w http.ResponseWriter, challenge string) {
	w.Header().Set("WWW-Authenticate", challenge)
	w.WriteHeader(http.StatusUnauthorized)
}
