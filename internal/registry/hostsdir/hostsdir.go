// Package hostsdir reads a directory in containerd's certs.d layout: for each registry host a
// folder with a hosts.toml, or with certificates as Docker has them.
//
//	Open, Dir.Find   the directory, and which folder a host has    (hostsdir.go)
//	parseHostsFile   hosts.toml -> endpoints, with lines           (hostsfile.go)
//	NewMirror        a mirror as it is written -> an endpoint      (endpoint.go)
//	findCertificates files in PEM, named or found by their suffix  (certificates.go)
//
// It follows containerd 2.3 (core/remotes/docker/config), with these exceptions: what containerd
// logs and then passes over is an error here (a file that does not parse, a certificate that cannot
// be read), and so is an unknown key, which containerd ignores. A node with such a file pulls in
// another way than its author meant.
package hostsdir

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	// fileName is the configuration of one host within its folder.
	fileName = "hosts.toml"
	// defaultHost is the folder for hosts that have none.
	defaultHost = "_default"
)

// Dir is a directory, as it was when it was opened. Nil is a directory without folders.
type Dir struct{ hosts map[string][]Endpoint }

// Open reads all folders of a directory. It returns every fault, with its file and line.
func Open(path string) (dir *Dir, faults []error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, []error{fmt.Errorf("the directory cannot be read: %w", err)}
	}
	dir = &Dir{hosts: map[string][]Endpoint{}}
	for _, entry := range entries {
		folder := filepath.Join(path, entry.Name())
		// a volume of Kubernetes has ..data beside links into it
		if strings.HasPrefix(entry.Name(), ".") || !isFolder(folder) {
			continue
		}
		endpoints, wrong := loadFolder(folder)
		faults = append(faults, wrong...)
		dir.hosts[entry.Name()] = endpoints
	}
	return dir, faults
}

// isFolder follows links.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// loadFolder reads hosts.toml, or without one the certificates.
func loadFolder(folder string) ([]Endpoint, []error) {
	file := filepath.Join(folder, fileName)
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, []error{fmt.Errorf("%s cannot be read: %w", file, err)}
	}
	if len(data) == 0 {
		own, err := findCertificates(folder)
		if err != nil {
			return nil, []error{err}
		}
		return []Endpoint{own}, nil
	}
	return parseHostsFile(file, data)
}

// Find returns where the images of a host are asked for, in order. found is false where the
// directory says nothing of this host.
func (d *Dir) Find(host string) (endpoints []Endpoint, found bool) {
	if d == nil {
		return nil, false
	}
	for _, folder := range listFolders(host, runtime.GOOS) {
		if endpoints, found = d.hosts[folder]; found {
			return endpoints, true
		}
	}
	return nil, false
}

// listFolders returns the folders that a host may have, the first that exists counts.
func listFolders(host, system string) []string {
	folders := []string{host, defaultHost}
	if colon := strings.LastIndex(host, ":"); colon > 0 {
		folders = append([]string{host[:colon] + "_" + host[colon+1:] + "_"}, folders...)
	}
	if system == "windows" { // whose names have no colon
		for i := range folders {
			folders[i] = strings.ReplaceAll(folders[i], ":", "")
		}
	}
	return folders
}

// All returns every endpoint of the directory.
func (d *Dir) All() []Endpoint {
	if d == nil {
		return nil
	}
	return slices.Concat(slices.Collect(maps.Values(d.hosts))...)
}

// ListUnverified returns the hosts whose certificates are not checked.
func (d *Dir) ListUnverified() []string {
	if d == nil {
		return nil
	}
	var hosts []string
	for folder, endpoints := range d.hosts {
		for _, endpoint := range endpoints {
			if endpoint.SkipVerify != nil && *endpoint.SkipVerify {
				hosts = append(hosts, cmp.Or(endpoint.Host, folder))
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}
