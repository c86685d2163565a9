package hostsdir

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// hostsFile is a hosts.toml. The keys at its top are those of the server, which comes last.
type hostsFile struct {
	hostTable
	Server string               `toml:"server"`
	Hosts  map[string]hostTable `toml:"host"`
}

// hostTable is how one host is asked.
type hostTable struct {
	Capabilities []string       `toml:"capabilities"`
	CA           any            `toml:"ca"`     // a file, or a list of files
	Client       any            `toml:"client"` // a file, or a list of files and of pairs of files
	SkipVerify   *bool          `toml:"skip_verify"`
	Header       map[string]any `toml:"header"` // each a text, or a list of texts
	OverridePath bool           `toml:"override_path"`
	DialTimeout  string         `toml:"dial_timeout"`
}

// fileReader turns one hosts.toml into endpoints.
type fileReader struct {
	file   string
	lines  *lineIndex
	faults []error
}

// parseHostsFile returns the hosts of a file in their order, and the server at the end.
func parseHostsFile(file string, data []byte) ([]Endpoint, []error) {
	r := &fileReader{file: file}
	var content hostsFile
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&content); err != nil {
		return nil, r.explain(err)
	}
	r.lines = indexLines(data)
	var endpoints []Endpoint
	for _, host := range r.lines.hosts {
		endpoints = append(endpoints, r.toEndpoint([]string{"host", host}, host, content.Hosts[host]))
	}
	for host := range content.Hosts {
		if !slices.Contains(r.lines.hosts, host) {
			r.fail([]string{"host"}, fmt.Errorf("write [host.%q] as a table: containerd reads no other form", host))
		}
	}
	endpoints = append(endpoints, r.toEndpoint(nil, content.Server, content.hostTable))
	return endpoints, r.faults
}

// explain returns one error for each place that does not parse or has an unknown key.
func (r *fileReader) explain(err error) []error {
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		for _, unknown := range missing.Errors {
			line, _ := unknown.Position()
			r.faults = append(r.faults,
				fmt.Errorf("%s:%d: containerd knows no key %s", r.file, line, strings.Join(unknown.Key(), ".")))
		}
		return r.faults
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := wrong.Position()
		return []error{fmt.Errorf("%s:%d: %w", r.file, line, err)}
	}
	return []error{fmt.Errorf("%s: %w", r.file, err)}
}

// fail notes a fault of a key.
func (r *fileReader) fail(key []string, err error) {
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("%s:%d: %w", r.file, r.lines.find(key), err))
	}
}

// toEndpoint reads the table at a key. Without an address it is that of the registry itself.
func (r *fileReader) toEndpoint(at []string, address string, table hostTable) Endpoint {
	key := func(name string) []string { return append(slices.Clone(at), name) }
	endpoint := NewRegistry()
	var err error
	if address != "" {
		endpoint.Address, err = parseAddress(address, table.OverridePath)
		r.fail(addressKey(at), err)
	}
	endpoint.Capabilities, err = parseCapabilities(table.Capabilities)
	r.fail(key("capabilities"), err)
	endpoint.CACertificates, err = r.loadCA(table.CA)
	r.fail(key("ca"), err)
	endpoint.Client, err = r.loadClient(table.Client)
	r.fail(key("client"), err)
	endpoint.Header, err = parseHeader(table.Header)
	r.fail(key("header"), err)
	if table.DialTimeout != "" {
		endpoint.DialTimeout, err = time.ParseDuration(table.DialTimeout)
		if err != nil || endpoint.DialTimeout <= 0 {
			r.fail(key("dial_timeout"), errors.New("dial_timeout is a duration such as \"1s\""))
		}
	}
	endpoint.SkipVerify = table.SkipVerify
	return endpoint
}

// addressKey is the key that has an endpoint's address.
func addressKey(at []string) []string {
	if at == nil {
		return []string{"server"}
	}
	return at
}

// parseCapabilities takes an empty list for all of them, as containerd does.
func parseCapabilities(list []string) (Capabilities, error) {
	if len(list) == 0 {
		return allCapabilities(), nil
	}
	var found Capabilities
	for _, name := range list {
		switch strings.ToLower(name) {
		case "pull":
			found.Pull = true
		case "resolve":
			found.Resolve = true
		case "referrers":
			found.Referrers = true
		case "push": // nothing is pushed here
		default:
			return Capabilities{}, fmt.Errorf("containerd knows no capability %q: "+
				"write pull, resolve, push or referrers", name)
		}
	}
	return found, nil
}

func (r *fileReader) loadCA(value any) (string, error) {
	files, err := listTexts(value, "ca")
	if err != nil {
		return "", err
	}
	return loadAuthorities(r.resolveFiles(files))
}

func (r *fileReader) loadClient(value any) ([]tls.Certificate, error) {
	if text, isText := value.(string); isText {
		value = []any{text}
	}
	list, isList := value.([]any)
	if value != nil && !isList {
		return nil, errClient
	}
	var pairs []certificatePair
	for _, element := range list {
		files, err := listTexts(element, "client")
		if _, isPair := element.([]any); err != nil || isPair && len(files) != 2 {
			return nil, errClient
		}
		files = r.resolveFiles(files)
		pairs = append(pairs, certificatePair{certificate: files[0], key: append(files, "")[1]})
	}
	return loadPairs(pairs)
}

var errClient = errors.New("client is a file, a list of files, or a list of pairs [certificate, key]")

// resolveFiles leaves "" as it is, which stands for no file.
func (r *fileReader) resolveFiles(files []string) []string {
	resolved := slices.Clone(files)
	for i, file := range resolved {
		if file != "" && !filepath.IsAbs(file) {
			resolved[i] = filepath.Join(filepath.Dir(r.file), file)
		}
	}
	return resolved
}

func parseHeader(table map[string]any) (http.Header, error) {
	header := http.Header{}
	for name, value := range table {
		texts, err := listTexts(value, "header "+name)
		if err != nil {
			return nil, err
		}
		header[http.CanonicalHeaderKey(name)] = texts
	}
	return header, nil
}

// listTexts reads a text, or a list of texts.
func listTexts(value any, name string) ([]string, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{value}, nil
	case []any:
		texts := make([]string, len(value))
		for i, element := range value {
			text, isText := element.(string)
			if !isText {
				return nil, fmt.Errorf("%s is a text, or a list of texts", name)
			}
			texts[i] = text
		}
		return texts, nil
	}
	return nil, fmt.Errorf("%s is a text, or a list of texts", name)
}
