package imagecache_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// typingError is what a tired person writes, as a change of a valid configuration: the line that
// the error stands on, its summary, and a part of its text. What has no summary is valid.
type typingError struct {
	written             attributes
	on, summary, advice string
}

// typingErrors are the rules, one by one.
var typingErrors = map[string]typingError{
	"image with a scheme": {
		attributes{"images": `["https://registry.example.com/llm:v1"]`}, "images", "Not an image reference", "no scheme",
	},
	"image in upper case": {
		attributes{"images": `["registry.example.com/LLM:v1"]`}, "images", "Not an image reference", "lower-case",
	},
	"image with a short digest": {
		attributes{"images": `["registry.example.com/llm@sha256:abc"]`}, "images", "Not an image reference",
		"64 hexadecimal digits",
	},
	"image with a space": {
		attributes{"images": `["registry.example.com/llm: v1"]`}, "images", "Not an image reference", "no blanks",
	},
	"image with a space at its end": {
		attributes{"images": `["registry.example.com/llm:v1 "]`}, "images", "Not an image reference", "no blanks",
	},
	"images in one string": {
		attributes{"images": `["nginx:1.29,redis:8"]`}, "images", "Not an image reference", "",
	},
	"empty image": {attributes{"images": `[""]`}, "images", "Not an image reference", "empty"},
	"null image":  {attributes{"images": `["nginx:1.29", null]`}, "images", "Null among the values", "compact()"},
	"two wrong images": {
		attributes{"images": `["http://a/b", "nginx:1.29", "UPPER"]`}, "images", "Not an image reference", "lower-case",
	},
	"password for password_wo": {
		attributes{"registry_credentials": `{ "registry.example.com" = { username = "u", password = "x" } }`},
		"registry_credentials", "Credentials without a password", "write password_wo",
	},
	"no password": {
		attributes{"registry_credentials": `{ "registry.example.com" = { username = "u" } }`},
		"registry_credentials", "Credentials without a password", "password_wo_version",
	},
	"empty password": {
		attributes{"registry_credentials": `{ "registry.example.com" = { username = "u", password_wo = "" } }`},
		"registry_credentials", "Credentials without a password", "null or empty",
	},
	"credentials for another host": {
		attributes{"registry_credentials": `{ "registry.example.org" = { username = "u", password_wo = "x" } }`},
		"registry_credentials", "Credentials for a host that no image has", "The images are at: registry.example.com",
	},
	"credentials without the port": {
		attributes{
			"images":               `["registry.example.com:5000/llm:v1"]`,
			"registry_credentials": `{ "registry.example.com" = { username = "u", password_wo = "x" } }`,
		},
		"registry_credentials", "Credentials for a host that no image has", "registry.example.com:5000",
	},
	"credentials with a scheme": {
		attributes{"registry_credentials": `{ "https://registry.example.com" = { password_wo = "x" } }`},
		"registry_credentials", "Invalid Attribute Value Match", "no scheme",
	},
	"null credentials": {
		attributes{"registry_credentials": `{ "registry.example.com" = null }`},
		"registry_credentials", "Null among the values", `"registry.example.com" is null`,
	},
	"credentials for Docker Hub": {attributes{
		"images": `["nginx:1.29"]`,
		"registry_credentials": `{ "docker.io" = { username = "u", password_wo = "x" },
  "index.docker.io" = { username = "u", password_wo = "x" } }`,
	}, "", "", ""},
	"credentials whose host is written in capitals": {attributes{
		"registry_credentials": `{ "Registry.Example.com" = { username = "u", password_wo = "x" } }`,
	}, "", "", ""},
	"digest of another image": {
		attributes{"image_digests": `{ "nginx:1.29" = "sha256:` + strings.Repeat("a", 64) + `" }`},
		"image_digests", "Digest of an image that the cache does not hold", "Write each key as the image stands",
	},
	"digest of an image in another spelling": {
		attributes{
			"images":        `["nginx"]`,
			"image_digests": `{ "docker.io/library/nginx:latest" = "sha256:` + strings.Repeat("a", 64) + `" }`,
		},
		"image_digests", "Digest of an image that the cache does not hold", `the same image as "nginx"`,
	},
	"short digest": {
		attributes{"image_digests": `{ "registry.example.com/llm:v1" = "sha256:abc" }`},
		"image_digests", "Invalid Attribute Value Match", "64 hexadecimal digits",
	},
	"null digest": {
		attributes{"image_digests": `{ "registry.example.com/llm:v1" = null }`},
		"image_digests", "Null among the values", `"registry.example.com/llm:v1" is null`,
	},
	"password under a map of hosts to passwords": {
		attributes{"registry_credentials": `{ "registry.example.com" = {} }`},
		"registry_credentials", "Credentials without a password", "",
	},
	"negative timeout": {
		attributes{"timeouts": `{ create = "-90m" }`}, "timeouts", "Invalid timeout", "-90m",
	},
	"timeout of nothing": {
		attributes{"timeouts": `{ delete = "0s" }`}, "timeouts", "Invalid timeout", "0s",
	},
	"timeout without a unit": {
		attributes{"timeouts": `{ create = "90" }`}, "timeouts", "Invalid timeout", `create = "90"`,
	},
	"subnet for a VPC": {
		attributes{"vpc_id": `"subnet-8ah75lo8"`}, "vpc_id", "Not the id of a VPC", "is the id of a subnet",
	},
	"VPC for a subnet": {
		attributes{"subnet_id": `"vpc-508ctkfb"`}, "subnet_id", "Not the id of a subnet", "is the id of a VPC",
	},
	"name of a VPC": {attributes{"vpc_id": `"production"`}, "vpc_id", "Not the id of a VPC", "vpc- and letters"},
	"ids in one string": {
		attributes{"security_group_ids": `["sg-1, sg-2"]`}, "security_group_ids", "Not the id of a security group", "",
	},
	"null security group": {
		attributes{"security_group_ids": `[null]`}, "security_group_ids", "Null among the values", "",
	},
	"address for an EIP": {
		attributes{"existing_eip_id": `"43.136.1.2"`}, "existing_eip_id", "Not the id of an elastic IP", "is an address",
	},
	"fraction of a GiB": {attributes{"size_gib": "20.5"}, "size_gib", "Not a whole number", "it is 20.5"},
	"fraction of a day": {attributes{"retention_days": "0.1"}, "retention_days", "Not a whole number", "it is 0.1"},
	"fraction in a map": {
		attributes{"auto_eip": "{ bandwidth_mbps = 1.25 }"}, "auto_eip", "Not a whole number",
		"auto_eip.bandwidth_mbps must be a whole number, and it is 1.25",
	},
	"fraction in credentials": {
		attributes{
			"registry_credentials": `{ "registry.example.com" = { password_wo = "x", password_wo_version = 1.5 } }`,
		},
		"registry_credentials", "Not a whole number", `registry_credentials["registry.example.com"].password_wo_version`,
	},
	"quotient": {attributes{"size_gib": "100 / 3"}, "size_gib", "Not a whole number", "it is 33.3333"},
	"size below the least": {
		attributes{"size_gib": "2"}, "size_gib", "Invalid Attribute Value", "between 20 and 32000, got: 2",
	},
	"size in MiB":        {attributes{"size_gib": "51200"}, "size_gib", "Invalid Attribute Value", "got: 51200"},
	"negative retention": {attributes{"retention_days": "-1"}, "retention_days", "Invalid Attribute Value", "got: -1"},
	"null tag":           {attributes{"tags": "{ team = null }"}, "tags", "Null among the values", `"team" is null`},
	"empty name":         {attributes{"name": `""`}, "name", "Invalid Attribute Value Length", ""},
	"all that is right": {attributes{
		"images":               `["nginx", "registry.example.com:5000/llm@sha256:` + strings.Repeat("a", 64) + `"]`,
		"registry_credentials": `{ "registry.example.com:5000" = { username = "u", password_wo = "x" } }`,
		"image_digests":        `{ nginx = "sha256:` + strings.Repeat("b", 64) + `" }`,
		"security_group_ids":   `["sg-12345678"]`, "existing_eip_id": `"eip-12345678"`, "size_gib": "100",
		"timeouts": `{ create = "1h30m" }`,
	}, "", "", ""},
	"what is not known yet": {attributes{
		"images":               `[terraform_data.later.id]`,
		"registry_credentials": `{ "registry.example.com" = { username = "u", password_wo = "x" } }`,
		"image_digests":        `{ nginx = "sha256:` + strings.Repeat("b", 64) + `" }`,
		"vpc_id":               `terraform_data.later.id`,
	}, "", "", ""},
}

// diagnostic is one of `validate -json`.
type diagnostic struct {
	Severity, Summary, Detail, Address string
	Snippet                            struct{ Code string }
}

// TestTypingErrorsAreRefusedOnTheirKey: by one validation, each with its own text, and nothing is
// sent.
func TestTypingErrorsAreRefusedOnTheirKey(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	folder := t.TempDir()
	w := acctest.NewWorkspace(t, folder, nil, "DOCKER_CONFIG="+folder)
	text := "terraform {\n  required_providers {\n    tkeimage = { source = \"tkeimage/tkeimage\" }\n  }\n}\n" +
		acctest.Configuration(cloud, "") + "resource \"terraform_data\" \"later\" {}\n"
	addresses, written := map[string]string{}, maps.Clone(typingErrors)
	for _, person := range tiredPeople {
		maps.Copy(written, person)
	}
	for i, name := range slices.Sorted(maps.Keys(written)) {
		label := fmt.Sprintf("case%d", i)
		addresses[name] = "tkeimage_cache." + label
		text += "resource \"tkeimage_cache\" \"" + label + "\" {\n"
		for attribute, value := range base.with(written[name].written) {
			text += "  " + attribute + " = " + value + "\n"
		}
		text += "}\n"
	}
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Must(t, "init")
	output, _ := w.Command(t, "validate", "-json").Output() // fails
	var validated struct{ Diagnostics []diagnostic }
	if err := json.Unmarshal(output, &validated); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for name, want := range written {
		var got []diagnostic
		for _, d := range validated.Diagnostics {
			if d.Address == addresses[name] && (d.Severity == "error" || want.summary != "") {
				got = append(got, d)
			}
		}
		switch {
		case want.summary == "" && len(got) > 0:
			t.Errorf("%s: refused: %+v", name, got)
		case want.summary != "" && !slices.ContainsFunc(got, func(d diagnostic) bool {
			return d.Summary == want.summary && strings.Contains(d.Detail, want.advice) &&
				strings.Contains(d.Snippet.Code, want.on)
		}):
			t.Errorf("%s: want %q on %s with %q, got %+v", name, want.summary, want.on, want.advice, got)
		}
		for _, d := range got {
			if strings.Contains(d.Detail, "error in the provider") {
				t.Errorf("%s: the provider is blamed: %s", name, d.Detail)
			}
		}
		if name == "two wrong images" && len(got) != 2 {
			t.Errorf("%s: %d errors", name, len(got))
		}
	}
	if sent := cloud.Requests(); len(sent) > 0 {
		t.Errorf("%d requests were sent", len(sent))
	}
}
