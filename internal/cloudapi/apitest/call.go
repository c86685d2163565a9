package apitest

import (
	"encoding/json"
	"net/http"
	"time"
)

// Call is one request that is in order.
type Call struct {
	Action   string
	SecretID string // whose signature it has, empty for an unsigned action
	Region   string
	Header   http.Header
	Arrived  time.Time
	fields   map[string]any
}

// Text returns a string of the request, empty when it is not there.
func (c *Call) Text(name string) string {
	value, _ := c.fields[name].(string)
	return value
}

// List returns a list of strings of the request, nil when it is not there.
func (c *Call) List(name string) (list []string) {
	values, _ := c.fields[name].([]any)
	for _, value := range values {
		if text, ok := value.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// Objects returns a list of objects with strings of the request, nil when it is not there.
func (c *Call) Objects(name string) (list []map[string]string) {
	values, _ := c.fields[name].([]any)
	for _, value := range values {
		members, _ := value.(map[string]any)
		object := map[string]string{}
		for member, value := range members {
			object[member], _ = value.(string)
		}
		list = append(list, object)
	}
	return list
}

// Integer returns a number of the request.
func (c *Call) Integer(name string) (int64, bool) {
	number, ok := c.fields[name].(json.Number)
	if !ok {
		return 0, false
	}
	value, err := number.Int64()
	return value, err == nil
}
