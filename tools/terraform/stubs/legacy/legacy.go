// Package legacy stands in for what only Terraform's own tests use.
package legacy
