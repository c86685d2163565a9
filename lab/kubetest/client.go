package kubetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Get reads what the API server has at a path, such as
// /apis/apps/v1/namespaces/default/deployments/llm, into what JSON takes; nil reads nothing.
func (c *Cluster) Get(ctx context.Context, path string, into any) error {
	return c.sendRequest(ctx, http.MethodGet, path, "", nil, into)
}

// Create makes a new object in the collection at a path.
func (c *Cluster) Create(ctx context.Context, path string, object any) error {
	return c.sendRequest(ctx, http.MethodPost, path, "application/json", object, nil)
}

// Patch merges a change into the object at a path.
func (c *Cluster) Patch(ctx context.Context, path string, change any) error {
	return c.sendRequest(ctx, http.MethodPatch, path, "application/strategic-merge-patch+json", change, nil)
}

// StatusError is an answer of the API server that is no success.
type StatusError struct {
	Code    int // of HTTP
	Message string
}

func (e *StatusError) Error() string { return e.Message }

func (c *Cluster) sendRequest(ctx context.Context, method, path, contentType string, body, into any) error {
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return &StatusError{response.StatusCode, fmt.Sprintf("%s %s: %s: %s", method, path, response.Status, text)}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
