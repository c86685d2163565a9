package kubetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// pace is how often the stand-in for super nodes looks for new Pods.
const pace = 50 * time.Millisecond

// superNode says of every Pod that it runs and is ready, until ctx ends. That is all a rollout
// waits for.
func (c *Cluster) superNode(ctx context.Context) {
	for ctx.Err() == nil {
		_ = c.runPods(ctx) // what failed is tried again
		select {
		case <-ctx.Done():
		case <-time.After(pace):
		}
	}
}

func (c *Cluster) runPods(ctx context.Context) error {
	var pods struct {
		Items []struct {
			Metadata struct{ Namespace, Name string }
		}
	}
	if err := c.Get(ctx, "/api/v1/pods?fieldSelector=status.phase%3DPending", &pods); err != nil {
		return err
	}
	ready := map[string]any{"status": map[string]any{
		"phase": "Running",
		"conditions": []map[string]any{{
			"type": "Ready", "status": "True", "lastTransitionTime": time.Now().UTC().Format(time.RFC3339),
		}},
	}}
	for _, pod := range pods.Items {
		err := c.Patch(
			ctx, fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/status", pod.Metadata.Namespace, pod.Metadata.Name),
			ready,
		)
		var status *StatusError
		if err != nil && (!errors.As(err, &status) || status.Code != http.StatusNotFound) {
			return err
		}
	}
	return nil
}
