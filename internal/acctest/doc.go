// Package acctest is what lifecycle tests share: the provider's factory, the Terraform CLI, the
// stand-ins, and the search for secrets.
package acctest
