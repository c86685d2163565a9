package tke

import (
	"errors"
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// notFoundCodes are what the service may answer where a cache does not exist. Which of them it
// answers to which action is unconfirmed, so none of them alone is a proof: see confirmAbsence.
var notFoundCodes = []string{
	"ResourceNotFound", "FailedOperation.RecordNotFound", "FailedOperation.DbRecordNotFound",
	"InternalError.DbRecordNotFound",
}

// isNotFound reports whether the service said that the cache does not exist.
func isNotFound(err error) bool {
	var e *cloudapi.Error
	return errors.As(err, &e) && e.HasCode(notFoundCodes...)
}

// InconsistentError says that a list of the service contradicts itself about a cache. It is no
// proof of anything.
type InconsistentError struct {
	ID        string // of the cache, where the answer names one
	Problem   string // what the list holds, such as "a cache without a status"
	RequestID string
}

func (e *InconsistentError) Error() string {
	return fmt.Sprintf("%s: the list holds %s: %s (request id %s)", ActionDescribe, e.Problem, e.ID, e.RequestID)
}
