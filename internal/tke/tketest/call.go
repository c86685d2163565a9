package tketest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// call is a request, read to its end.
type call struct {
	id       string
	arrived  time.Time // what the signature's clock is checked against, however long the call is delayed
	action   string
	version  string
	region   string
	language string

	method, path, query, host string
	header                    http.Header
	body                      []byte
	tooLarge                  bool

	reversed bool // the list goes the other way round
	lag      int  // how many lists are not to know yet what this call does
}

func newCall(r *http.Request, now time.Time) *call {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody+1)) // what is cut off fails the signature
	return &call{
		id:       newRequestID(),
		arrived:  now,
		action:   r.Header.Get("X-TC-Action"),
		version:  r.Header.Get("X-TC-Version"),
		region:   r.Header.Get("X-TC-Region"),
		language: r.Header.Get("X-TC-Language"),
		method:   r.Method,
		path:     r.URL.Path,
		query:    r.URL.RawQuery,
		host:     r.Host,
		header:   r.Header,
		body:     body,
		tooLarge: len(body) > maxBody,
	}
}

// reply is what goes back over the connection.
type reply struct {
	status      int
	contentType string
	body        []byte
	code        string            // of the error in the body
	list        *describeResponse // what the body lists
	acted       bool              // the service did what it was asked
	reset       bool              // the connection is reset instead
	truncate    bool              // the connection ends in the middle of the body

	date   time.Time     // what the service's clock says
	hold   time.Duration // how long the answer is held back once the service has acted
	refuse time.Duration // how long connections are refused from before this answer on
}

// newReply writes a response, or an error, as the service does: both are HTTP 200, and branches of
// one object.
func (c *call) newReply(response any, apiErr *apiError) reply {
	out := reply{status: http.StatusOK, contentType: "application/json"}
	if apiErr != nil {
		out.code = apiErr.code
		out.body = c.encodeEnvelope(map[string]any{
			"Error": map[string]string{"Code": apiErr.code, "Message": apiErr.message(c.language)},
		})
		return out
	}
	out.body = c.encodeEnvelope(response)
	return out
}

// encodeEnvelope puts the fields of a response, and the request's id, into the envelope.
func (c *call) encodeEnvelope(response any) []byte {
	fields := map[string]json.RawMessage{}
	raw, err := json.Marshal(response)
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err == nil {
		fields["RequestId"], err = json.Marshal(c.id)
	}
	if err != nil {
		panic(err) // a response type that is no JSON object
	}
	raw, _ = json.Marshal(map[string]any{"Response": fields}) // raw messages that were just made
	return raw
}

func (r reply) writeTo(w http.ResponseWriter) {
	if r.reset {
		resetConnection(w)
	}
	if !r.date.IsZero() {
		w.Header().Set("Date", r.date.UTC().Format(http.TimeFormat))
	}
	w.Header().Set("Content-Type", r.contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	if r.truncate {
		_, _ = w.Write(r.body[:len(r.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(r.body) // a client that is gone
}

// resetConnection ends the connection with a TCP reset where there is one, and never returns.
func resetConnection(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // what makes it a reset and not an orderly end
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}
