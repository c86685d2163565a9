package transport

import (
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
)

// listEndpoints returns where the images of a registry are asked for, in order. Mirrors that are
// configured for the host come in the place of those that a hosts.toml has for it.
func (r *Registries) listEndpoints(host string) []*endpoint {
	namespace := host
	if host == name.DefaultRegistry {
		namespace = DockerHub
	}
	config, _ := r.hosts.find(host)
	places, found := r.hostsDir.Find(namespace)
	if config.Mirrors != nil || !found {
		places = append(slices.Clone(config.mirrors), ownPlace(host, places))
	}
	var endpoints []*endpoint
	for _, place := range places {
		endpoints = append(endpoints, r.endpointAt(place, host, namespace))
	}
	return endpoints
}

// ownPlace returns the registry itself as a hosts.toml has it, by its name or as the server that is
// not named, or else as it is. The server comes last in such a file.
func ownPlace(host string, inFile []hostsdir.Endpoint) hostsdir.Endpoint {
	for _, place := range slices.Backward(inFile) {
		if place.Host == "" || hostKey(place.Host) == hostKey(host) {
			return place
		}
	}
	return hostsdir.NewRegistry()
}

// endpointAt returns the endpoint at a place, of the registry that images name as host.
func (r *Registries) endpointAt(place hostsdir.Endpoint, host, namespace string) *endpoint {
	at := place.Host
	switch at {
	case "":
		at = host
	case DockerHub: // whose API is elsewhere
		at = name.DefaultRegistry
	}
	config, _ := r.hosts.find(at)
	r.secrets.AddPublic(at)
	made := newEndpoint(at, config, place)
	if hostKey(at) != hostKey(host) {
		made.namespace = namespace
	}
	return made
}

// repositoryAt returns a repository as credentials for an endpoint are looked up: a mirror has its
// own, and never the registry's. registry-1.docker.io is Docker Hub by another name.
func repositoryAt(at *endpoint, repo name.Repository) name.Repository {
	if hostKey(at.host) == hostKey(repo.RegistryStr()) {
		return repo
	}
	registry, err := name.NewRegistry(at.host)
	if err != nil { // nothing else accepts that host either
		return name.Repository{}
	}
	return registry.Repo(repo.RepositoryStr())
}
