package tke

import (
	"errors"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// Error is any failure of a call.
type Error = cloudapi.Error

// Kind says who gave an error.
type Kind = cloudapi.Kind

// The kinds.
const (
	KindService   = cloudapi.KindService
	KindNetwork   = cloudapi.KindNetwork
	KindStatus    = cloudapi.KindStatus
	KindMalformed = cloudapi.KindMalformed
	KindCanceled  = cloudapi.KindCanceled
	KindUnsigned  = cloudapi.KindUnsigned
)

// IsNotFound reports whether the service said that the cache does not exist.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.HasCode("ResourceNotFound")
}
