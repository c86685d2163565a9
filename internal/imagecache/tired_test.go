package imagecache_test

import "strings"

// tiredPeople are three who make mistakes of other kinds than the table of rules has, each in the
// way of their day.
var tiredPeople = []map[string]typingError{
	{ // on call at night, who pastes from a terminal, a chat and the console
		"command before the image": {
			attributes{"images": `["docker pull nginx:1.29"]`}, "images", "Not an image reference", "docker␣pull␣nginx",
		},
		"line break from a file": {
			attributes{"images": `["nginx:1.29\n"]`}, "images", "Not an image reference", `nginx:1.29\n`,
		},
		"colon of a Chinese keyboard": {
			attributes{"images": `["nginx：1.29"]`}, "images", "Not an image reference", "'：' (U+FF1A)",
		},
		"invisible character of a chat": {
			attributes{"images": `["nginx:1.29\u200b"]`}, "images", "Not an image reference", "(U+200B)",
		},
		"quotes of a text processor": {
			attributes{"images": `["“nginx:1.29”"]`}, "images", "Not an image reference", "(U+201C)",
		},
		"CIDR of a subnet": {
			attributes{"subnet_id": `"10.0.1.0/24"`}, "subnet_id", "Not the id of a subnet", `"10.0.1.0/24" is not`,
		},
		"blank after an id": {
			attributes{"vpc_id": `"vpc-508ctkfb "`}, "vpc_id", "Not the id of a VPC", "copied with more than the id",
		},
		"id and name of a subnet": {
			attributes{"subnet_id": `"subnet-8ah75lo8 (builders)"`}, "subnet_id", "Not the id of a subnet",
			"copied with more than the id",
		},
		"name with a line break": {
			attributes{"name": `"llm\n"`}, "name", "Line break in a name", "trimspace",
		},
	},
	{ // in a hurry before a release, whose variables and templates are half done
		"variable of a shell": {
			attributes{"images": `["nginx:$TAG"]`}, "images", "Not an image reference", "a tag has at most 128",
		},
		"template that is not filled in": {
			attributes{"images": `["nginx:$${TAG}"]`}, "images", "Not an image reference", "${TAG}",
		},
		"tag that is empty": {
			attributes{"images": `["nginx:"]`}, "images", "Not an image reference", "after the colon stands a tag",
		},
		"name that is empty": {
			attributes{"images": `[":1.29"]`}, "images", "Not an image reference", "has no name",
		},
		"registry alone": {
			attributes{"images": `["registry.example.com:5000"]`}, "images", "Not an image reference", "name of a host",
		},
		"folder that is empty": {
			attributes{"images": `["registry.example.com//llm:v1"]`}, "images", "Not an image reference", "single separators",
		},
		"VPC that is empty": {
			attributes{"vpc_id": `""`}, "vpc_id", "Not the id of a VPC", "is not set in this run",
		},
		"id that stands in for one": {
			attributes{"vpc_id": `"vpc-<id>"`}, "vpc_id", "Not the id of a VPC", "stands in for one",
		},
		"list that became text": {
			attributes{"images": `[jsonencode(["nginx:1.29"])]`}, "images", "Not an image reference", `["nginx:1.29"]`,
		},
		"tag's key that is empty": {
			attributes{"tags": `{ "" = "ml" }`}, "tags", "Not the key of a tag", "is empty",
		},
		"time in days": {
			attributes{"timeouts": `{ create = "1d" }`}, "timeouts", "Invalid timeout", `create = "1d"`,
		},
		"time that is empty": {
			attributes{"timeouts": `{ update = "" }`}, "timeouts", "Invalid timeout", `update = ""`,
		},
	},
	{ // new to this provider, who knows Docker, Helm and other providers
		"version of a chart": {
			attributes{"images": `["registry.example.com/llm:v1.0+build5"]`}, "images", "Not an image reference", "a tag has",
		},
		"@ before a tag": {
			attributes{"images": `["nginx@1.29"]`}, "images", "Not an image reference", "after the @ stands a digest",
		},
		"two tags": {
			attributes{"images": `["nginx:1.29:arm64"]`}, "images", "Not an image reference", "single separators",
		},
		"file of an image": {
			attributes{"images": `["llm.tar"]`}, "images", "Not an image reference", "of a file",
		},
		"password from a file": {
			attributes{"registry_credentials": `{ "registry.example.com" = { username = "u", password_wo = "x\n" } }`},
			"registry_credentials", "Password with a line break", "trimspace(file(…))",
		},
		"user for username": {
			attributes{"registry_credentials": `{ "registry.example.com" = { user = "u", password_wo = "x" } }`},
			"registry_credentials", "Credentials without a user name", "such as user",
		},
		"key of Docker's config.json": {
			attributes{"registry_credentials": `{ "https://index.docker.io/v1/" = { username = "u", password_wo = "x" } }`},
			"registry_credentials", "Invalid Attribute Value Match", "no scheme",
		},
		"pinned image for a digest": {
			attributes{
				"image_digests": `{ "registry.example.com/llm:v1" = "registry.example.com/llm@sha256:` +
					strings.Repeat("a", 64) + `" }`,
			},
			"image_digests", "Invalid Attribute Value Match", "must be a digest",
		},
		"address for resolv.conf": {
			attributes{"resolve_config": `"183.60.83.19"`}, "resolve_config", "Not the text of a resolv.conf",
			"nameserver 10.0.0.2",
		},
		"key and value for resolv.conf": {
			attributes{"resolve_config": `"nameserver 183.60.83.19\nsearch=example.com"`}, "resolve_config",
			"Not the text of a resolv.conf", `"search=example.com"`,
		},
		"rebuild by another word": {
			attributes{"rebuild": `"in-place"`}, "rebuild", "Invalid Attribute Value Match", `"in_place"`,
		},
		"resolv.conf with comments": {
			attributes{"resolve_config": `"# ours\n\nnameserver\t183.60.83.19\n"`}, "", "", "",
		},
	},
}
