package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func (s *stage) initializeWorkspace(ctx context.Context, progress func(string)) (string, error) {
	output, err := s.cli.runOrFail(ctx, progress, "init", "-input=false")
	return pickLines(output, "- Installed"), err
}

func (s *stage) planCreate(ctx context.Context, progress func(string)) (string, error) {
	s.meter.reset()
	output, changes, err := s.cli.runPlan(ctx, progress)
	if err != nil {
		return "", err
	}
	if !changes || !strings.Contains(output, "tkeimage_cache.this will be created") {
		return "", fmt.Errorf("the plan does not create a cache:\n%s", output)
	}
	if calls := s.cloud.Calls(tketest.ActionCreate); calls != 0 {
		return "", errors.New("planning created something")
	}
	read := fmt.Sprintf("read for this: %.1f MiB in %d requests; the large layer has %d MiB and unpacks to %d GiB",
		float64(s.meter.bytes.Load())/(1<<20), s.meter.requests.Load(),
		s.pushed>>20, int64(s.size.shards)*shardBytes>>30)
	return cutReport(output) + pickLines(output, "recommended_size_gib", "Plan:") + read, nil
}

func (s *stage) applyCreate(ctx context.Context, progress func(string)) (string, error) {
	if _, err := s.cli.runOrFail(ctx, progress, "apply", "-input=false", "-auto-approve"); err != nil {
		return "", err
	}
	outputs, err := s.cli.readOutputs(ctx)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(outputs["cache_id"], &s.firstID); err != nil {
		return "", err
	}
	if cache, ok := s.cloud.Cache(s.firstID); !ok || cache.Status != tketest.StatusReady {
		return "", fmt.Errorf("the service has no ready cache %s", s.firstID)
	}
	if calls := s.cloud.Calls(tketest.ActionCreate); calls != 1 {
		return "", fmt.Errorf("%d calls of CreateImageCache, want one", calls)
	}
	return fmt.Sprintf(
		"cache %s is Ready after one CreateImageCache\nannotations of a Pod that starts from it:\n  "+
			"%s\nannotations for a larger disk instead:\n  %s",
		s.firstID, oneLine(outputs["pod_annotations"]), oneLine(outputs["pod_annotations_without_cache"]),
	), nil
}

func (s *stage) planEmpty(ctx context.Context, progress func(string)) (string, error) {
	output, changes, err := s.cli.runPlan(ctx, progress)
	if err == nil && changes {
		err = fmt.Errorf("the second plan is not empty:\n%s", output)
	}
	return pickLines(output, "No changes."), err
}

func (s *stage) planMoved(ctx context.Context, progress func(string)) (string, error) {
	if err := s.moveTag(ctx); err != nil {
		return "", err
	}
	output, changes, err := s.cli.runPlan(ctx, progress)
	if err == nil && (!changes || !strings.Contains(output, "forces replacement")) {
		err = fmt.Errorf("the plan did not notice that the tag moved:\n%s", output)
	}
	return pickLines(output, "must be replaced", "forces replacement", "Plan:"), err
}

func (s *stage) applyMoved(ctx context.Context, progress func(string)) (string, error) {
	if _, err := s.cli.runOrFail(ctx, progress, "apply", "-input=false", "-auto-approve"); err != nil {
		return "", err
	}
	caches := s.cloud.Caches()
	if len(caches) != 1 || caches[0].ID == s.firstID {
		return "", fmt.Errorf("after the rebuild there are %d caches", len(caches))
	}
	return fmt.Sprintf("cache %s took the place of %s", caches[0].ID, s.firstID), nil
}

func (s *stage) destroyCache(ctx context.Context, progress func(string)) (string, error) {
	output, err := s.cli.runOrFail(ctx, progress, "destroy", "-input=false", "-auto-approve")
	if err != nil {
		return "", err
	}
	if left := s.cloud.Caches(); len(left) != 0 {
		return "", fmt.Errorf("%d caches are left at the service", len(left))
	}
	return pickLines(output, "Destroy complete!"), nil
}

// digest is shortened, so that a line fits a terminal.
var digest = regexp.MustCompile(`(sha256:[0-9a-f]{6})[0-9a-f]{58}`)

// pickLines keeps the lines of a command's output that hold one of the signs, and puts them in
// order where Terraform aligned them.
func pickLines(output string, signs ...string) string {
	var b strings.Builder
	for line := range strings.Lines(output) {
		for _, sign := range signs {
			if strings.Contains(line, sign) {
				b.WriteString(digest.ReplaceAllString(strings.Join(strings.Fields(line), " "), "$1…") + "\n")
				break
			}
		}
	}
	return b.String()
}

// cutReport takes the Markdown of the output `report` out of a plan.
func cutReport(output string) string {
	_, text, _ := strings.Cut(output, "+ report")
	_, text, _ = strings.Cut(text, "<<-EOT\n")
	text, _, _ = strings.Cut(text, "EOT\n")
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

func oneLine(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return string(value)
	}
	return b.String()
}
