package main

import (
	"context"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

const (
	planRuns        = 9
	registryLatency = 20 * time.Millisecond
)

// planFigures are what the plan of one cache, one disk size and one Deployment costs, beside the
// same Deployment without us.
type planFigures struct {
	With, Without   time.Duration
	Calls, Requests int // of the service and of the registry, in one plan with everything kept
}

// Own is what the provider adds; next to nothing, or less, where the two are too near to each other
// to tell.
func (f planFigures) Own() time.Duration { return f.With - f.Without }

// plannedConfiguration is a Deployment of an image, with a disk and annotations that are either
// ours or written by hand.
func plannedConfiguration(image string, ours bool) object {
	providers := object{"kubernetes": object{"source": "hashicorp/kubernetes"}}
	annotations := any(object{"eks.tke.cloud.tencent.com/root-cbs-size": "20"})
	configuration := object{
		"terraform": object{"required_providers": providers},
		"provider":  object{"kubernetes": object{"load_config_file": false, "host": "http://127.0.0.1:1"}},
	}
	if ours {
		providers["tkeimage"] = object{"source": "tkeimage/tkeimage"}
		annotations = "${data.tkeimage_root_disk_size.x.pod_annotations}"
		configuration["data"] = object{"tkeimage_root_disk_size": object{"x": object{"images": []string{image}}}}
	}
	resources := object{"kubernetes_deployment": object{"x": deploymentOf(image, annotations)}}
	if ours {
		resources["tkeimage_cache"] = object{
			"x": object{"images": []string{image}, "vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8"},
		}
	}
	configuration["resource"] = resources
	return configuration
}

func deploymentOf(image string, annotations any) object {
	labels := object{"app": "x"}
	return object{
		"metadata": object{"name": "x"},
		"spec": object{
			"selector": object{"match_labels": labels},
			"template": object{
				"metadata": object{"labels": labels, "annotations": annotations},
				"spec":     object{"container": object{"name": "x", "image": image}},
			},
		},
	}
}

func measurePlan(ctx context.Context, b binaries, kept string) (f planFigures, err error) {
	images, err := giant.Serve(registryLatency)
	if err != nil {
		return f, err
	}
	defer images.Close()
	image, err := images.Add("team/model", giant.NewLayer(1, 1<<30))
	if err != nil {
		return f, err
	}
	service := tketest.New(tketest.Options{Pace: -1, Builder: tketest.InstantBuilder})
	defer service.Close()

	with, err := newWorkspace(b, b.provider, plannedConfiguration(image, true))
	if err != nil {
		return f, err
	}
	defer with.close()
	with.setVariables(cloudEnvironment(service.URL, "TKEIMAGE_MEASUREMENT_CACHE_DIR="+kept)...)
	without, err := newWorkspace(b, b.provider, plannedConfiguration(image, false))
	if err != nil {
		return f, err
	}
	defer without.close()
	for _, step := range []struct {
		in        *workspace
		arguments []string
	}{
		{with, []string{"init"}}, {without, []string{"init"}},
		{with, []string{"apply", "-auto-approve", "-target=tkeimage_cache.x"}}, {with, []string{"plan"}},
	} {
		if _, err := step.in.runCommand(ctx, step.arguments...); err != nil {
			return f, err
		}
	}
	service.Inject(tketest.Fault{Times: tketest.Always, Effect: tketest.Delay{For: latency}})
	return f, f.comparePlans(ctx, with, without, service, images)
}

// comparePlans plans in turn with the provider and without it, and keeps the medians.
func (f *planFigures) comparePlans(
	ctx context.Context, with, without *workspace, service *tketest.Server, images *giant.Registry,
) error {
	var ours, others []time.Duration
	for range planRuns {
		service.ResetRequests()
		images.Cost()
		one, err := with.runCommand(ctx, "plan")
		if err != nil {
			return err
		}
		_, requests := images.Cost()
		f.Calls, f.Requests = len(service.Requests()), int(requests)
		other, err := without.runCommand(ctx, "plan")
		if err != nil {
			return err
		}
		ours, others = append(ours, one), append(others, other)
	}
	f.With, f.Without = medianValue(ours), medianValue(others)
	return nil
}
