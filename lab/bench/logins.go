package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

const (
	loginImages = 3
	loginGiB    = 2 // of each image
	loginUser   = "robot"
	loginSecret = "for-the-bench-alone"
)

// loginCase is a registry that takes its time over who may read.
type loginCase struct {
	title string
	login giant.Login

	// the part of the earlier build's time that is demanded, 0 for none
	wanted float64
}

// loginCases are those that users have met: a token service, and an htpasswd file with bcrypt, whose
// check of each request takes a core. The latter is measured with as many cores as there are
// requests, too, as a registry behind a slow directory service is.
var loginCases = []loginCase{
	{
		title: "a token for each repository, 300 ms each",
		login: giant.Login{Scheme: giant.Bearer, Takes: 300 * time.Millisecond},
	},
	{
		title: "a password at each request, 250 ms each",
		login: giant.Login{Scheme: giant.Basic, Takes: 250 * time.Millisecond},
	},
	{
		title: "a password at each request, 250 ms each of one of two cores", wanted: 0.15,
		login: giant.Login{Scheme: giant.Basic, Takes: 250 * time.Millisecond, AtOnce: 2},
	},
}

// loginFigures are what a plan over three cold images costs behind a slow login.
type loginFigures struct {
	How           string
	Layers        int // of each image
	Wall, Earlier time.Duration
	Requests, Was int64
	Wanted        float64 // part of the earlier build's time, 0 for none
}

// OfWall is the part of the time of the earlier build.
func (f loginFigures) OfWall() float64 { return f.Wall.Seconds() / f.Earlier.Seconds() }

// OfRequests is the part of the requests of the earlier build.
func (f loginFigures) OfRequests() float64 { return float64(f.Requests) / float64(f.Was) }

// check returns an error where a plan takes more of the time of the earlier build than is demanded.
func (f loginFigures) check() error {
	if f.Was == 0 || f.Wanted == 0 || f.OfWall() <= f.Wanted {
		return nil
	}
	return fmt.Errorf("%s, %d layers: %.2f of the time of the earlier build", f.How, f.Layers, f.OfWall())
}

// loginSubject is a case with images of so many layers.
type loginSubject struct {
	loginCase
	layers int
	gib    float64
}

// measureLogin plans over three images with this build, and with the earlier one.
func measureLogin(ctx context.Context, b binaries, s loginSubject) (f loginFigures, err error) {
	f.How, f.Layers, f.Wanted = s.title, s.layers, s.wanted
	s.login.Username, s.login.Password = loginUser, loginSecret
	images, err := giant.ServeWith(giant.Options{Latency: registryLatency, Login: s.login})
	if err != nil {
		return f, err
	}
	defer images.Close()
	var references []string
	for image := range loginImages {
		var layers []*giant.Layer
		for i := range s.layers {
			layers = append(layers, giant.NewLayer(uint64(image*s.layers+i), int64(s.gib*(1<<30))/int64(s.layers)))
		}
		reference, err := images.Add(fmt.Sprintf("team/app%d", image), layers...)
		if err != nil {
			return f, err
		}
		references = append(references, reference)
	}
	if f.Wall, f.Requests, err = planImages(ctx, b, b.provider, images, references); err != nil || b.baseline == "" {
		return f, err
	}
	f.Earlier, f.Was, err = planImages(ctx, b, b.baselineProvider(), images, references)
	return f, err
}

// planImages plans over images of which nothing is kept, with the password from a credential helper.
func planImages(
	ctx context.Context, b binaries, provider string, images *giant.Registry, references []string,
) (wall time.Duration, requests int64, err error) {
	w, err := newWorkspace(b, provider, object{
		"terraform": object{"required_providers": object{"tkeimage": object{"source": "tkeimage/tkeimage"}}},
		"provider":  object{"tkeimage": object{"measurement_cache_dir": "", "docker_config": "docker"}},
		"data":      object{"tkeimage_root_disk_size": object{"x": object{"images": references}}},
	})
	if err != nil {
		return 0, 0, err
	}
	defer w.close()
	path, err := writeCredentialHelper(filepath.Join(w.folder, "docker"), images.Host)
	if err != nil {
		return 0, 0, err
	}
	w.setVariables("PATH=" + path + string(os.PathListSeparator) + os.Getenv("PATH"))
	if _, err := w.runCommand(ctx, "init"); err != nil {
		return 0, 0, err
	}
	images.Cost()
	wall, err = w.runCommand(ctx, "plan")
	_, requests = images.Cost()
	return wall, requests, err
}

// writeCredentialHelper writes a Docker configuration, and the helper that it names for a host into
// the folder that is returned.
func writeCredentialHelper(folder, host string) (path string, err error) {
	answer, err := json.Marshal(object{"ServerURL": host, "Username": loginUser, "Secret": loginSecret})
	if err != nil {
		return "", err
	}
	config, err := json.Marshal(object{"credHelpers": object{host: "bench"}})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), config, 0o600); err != nil {
		return "", err
	}
	helper := fmt.Sprintf("#!/bin/sh\ncat >/dev/null\necho '%s'\n", answer)
	//nolint:gosec // a program has to be executable
	return folder, os.WriteFile(filepath.Join(folder, "docker-credential-bench"), []byte(helper), 0o700)
}
