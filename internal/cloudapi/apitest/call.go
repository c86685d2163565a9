package apitest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
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

// Integer returns a number of the request.
func (c *Call) Integer(name string) (int64, bool) {
	number, ok := c.fields[name].(json.Number)
	if !ok {
		return 0, false
	}
	value, err := number.Int64()
	return value, err == nil
}

// parseBody checks the body against the fields of the action.
func (c *Call) parseBody(action Action, body []byte) *Refusal {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&c.fields) != nil || c.fields == nil {
		return Invalid("the body of the request is not a JSON object")
	}
	known := map[string]bool{}
	for _, group := range []struct {
		names  []string
		isType func(any) bool
	}{{action.Strings, isString}, {action.Lists, isListOfStrings}, {action.Integers, isInteger}} {
		for _, name := range group.names {
			name, required := strings.CutSuffix(name, "!")
			known[name] = true
			value, there := c.fields[name]
			if required && (!there || value == "") {
				return &Refusal{
					Code: CodeMissingParameter,
					EN:   "The request is missing a required parameter `" + name + "`.",
				}
			}
			if there && !group.isType(value) {
				return Invalid("the type of `" + name + "` is wrong")
			}
		}
	}
	for name := range c.fields {
		if !known[name] {
			return &Refusal{Code: "UnknownParameter", EN: "The parameter `" + name + "` is not recognized."}
		}
	}
	return nil
}

func isString(value any) bool {
	_, ok := value.(string)
	return ok
}

func isInteger(value any) bool {
	number, ok := value.(json.Number)
	if !ok {
		return false
	}
	_, err := number.Int64()
	return err == nil
}

func isListOfStrings(value any) bool {
	list, ok := value.([]any)
	return ok && !slices.ContainsFunc(list, func(element any) bool {
		_, text := element.(string)
		return !text
	})
}
