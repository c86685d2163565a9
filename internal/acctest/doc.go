// Package acctest is what lifecycle tests share: the provider's factory, the Terraform CLI and the stand-ins.
package acctest
