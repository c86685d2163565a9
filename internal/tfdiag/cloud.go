// Package tfdiag turns errors into diagnostics. Every text about what somebody else answered, or did not (the cloud, a registry, a
// build), is made here, in the same order: what was attempted, what the other side said with its code and request id, and what to
// do now. What the provider finds by itself, in a configuration or by comparing, is told where it is found.
package tfdiag

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// CloudError tells of a call to the cloud's API that failed. attempt completes "Cannot …", such as "create image cache \"llm\"".
func CloudError(attempt string, err error, from *clients.Clients) diag.Diagnostic {
	summary := "Cannot " + attempt
	var (
		missing   *clients.MissingCredentialsError
		unknown   *clients.UnknownArgumentsError
		build     *tke.BuildError
		uncertain *tke.UncertainError
		wait      *tke.WaitError
		gone      *tke.GoneError
		listed    *tke.InconsistentError
		call      *cloudapi.Error
	)
	switch {
	case errors.As(err, &missing):
		return diag.NewErrorDiagnostic(summary, missingCredentials(missing))
	case errors.As(err, &unknown):
		return diag.NewErrorDiagnostic(summary, unknownArguments(unknown))
	case errors.As(err, &build):
		return diag.NewErrorDiagnostic(summary, failedBuild(build.Cache))
	case errors.As(err, &uncertain):
		return diag.NewErrorDiagnostic(summary, uncertainCreate(uncertain))
	case errors.As(err, &wait):
		return diag.NewErrorDiagnostic(summary, endedWait(wait, from))
	case errors.As(err, &gone):
		return diag.NewErrorDiagnostic(summary, fmt.Sprintf(
			"Image cache %s is gone: it was deleted from outside, or it expired. The service has left it out of every list for a while. "+
				"Apply again to create it anew.", gone.ID))
	case errors.As(err, &listed):
		return diag.NewErrorDiagnostic(summary, inconsistentList(listed))
	case errors.As(err, &call):
		return diag.NewErrorDiagnostic(summary, failedCall(call, from.Credentials))
	case from.Fault != nil && errors.Is(err, from.Fault):
		return diag.NewErrorDiagnostic(summary, unusable(err, from.Credentials))
	}
	return diag.NewErrorDiagnostic(summary, sentence(err.Error()))
}

func missingCredentials(err *clients.MissingCredentialsError) string {
	return "This needs the cloud, and no credentials for it were found. Looked at:\n" + list(err.Looked) +
		"\n\nSet one of them. The disk size data source and the functions work without."
}

func unknownArguments(err *clients.UnknownArgumentsError) string {
	return fmt.Sprintf("This needs the cloud, and whom to ask is known only during apply. Of the provider's arguments, these come from what this run makes or changes:\n%s\n\n"+
		"Nothing was asked, and nothing is taken for gone. Apply first what they come from, with -target, or set them to what is known when Terraform plans; "+
		"a data source can wait for the apply with depends_on.", list(err.Arguments))
}

// WrongRegion tells of a cache of another region than the provider's. Looked for in the provider's, it would seem to be gone.
func WrongRegion(id, region, configured string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Image cache is in another region", fmt.Sprintf(
		"Image cache %s is in %s, and this provider is configured for %s. It is left as it is, there and in the state.\n\n"+
			"To keep it, give this resource a provider of its region. To have it in %s instead, destroy it with a provider of %s first, "+
			"or forget it (terraform state rm) and delete it by hand.", id, region, configured, configured, region))
}

// failedCall is what one API call came to. used is where the credentials came from.
func failedCall(err *cloudapi.Error, used string) string {
	if err.Kind == cloudapi.KindUnsigned {
		return unusable(err.Err, used)
	}
	var b strings.Builder
	api := strings.ToUpper(cmp.Or(err.Service, "tke"))
	switch err.Kind {
	case cloudapi.KindService:
		fmt.Fprintf(&b, "The %s API answered %s with %s: %s", api, err.Action, err.Code, sentence(err.Message))
	case cloudapi.KindStatus:
		fmt.Fprintf(&b, "%s answered %s with HTTP status %d instead of an API answer: %s", err.Host, err.Action, err.Status, sentence(err.Message))
	case cloudapi.KindMalformed:
		fmt.Fprintf(&b, "%s was answered by something that is not the %s API: %s", err.Action, api, sentence(err.Message))
	case cloudapi.KindCanceled:
		fmt.Fprintf(&b, "%s was interrupted: %s", err.Action, sentence(err.Message))
	default:
		fmt.Fprintf(&b, "%s got no answer: %s", err.Action, sentence(err.Message))
	}
	if err.RequestID != "" {
		fmt.Fprintf(&b, "\nRequest id: %s", err.RequestID)
	}
	if advice := remedy(err, used); advice != "" {
		fmt.Fprintf(&b, "\n\n%s", advice)
	}
	return b.String()
}

// left is what an outcome that was not waited for to the end leaves behind.
var left = map[tke.Outcome]string{
	tke.Built: "The service goes on building, and the id is in the state. When the cache has become Ready meanwhile, " +
		"`terraform untaint` keeps it; otherwise the next apply replaces it.",
	tke.Updated: "The service goes on with the update, and the cache keeps its id. The next plan shows what is left to do.",
	tke.Deleted: "The service goes on deleting, and the cache stays in the state until it is gone. Destroy again: to delete what is gone is no error.",
}

// raise is the advice when the time for an outcome was too short.
var raise = map[tke.Outcome]string{
	tke.Built:   "Large images take long to pull: raise the timeout. ",
	tke.Updated: "Large images take long to pull: raise the timeout. ",
}

func endedWait(err *tke.WaitError, from *clients.Clients) string {
	text := fmt.Sprintf("Image cache %s was waited for, and last seen %s, until ", err.ID, seen(err.Last))
	var call *cloudapi.Error
	var listed *tke.InconsistentError
	switch {
	case errors.As(err, &listed):
		return text + "it could not be looked at any more.\n" + inconsistentList(listed) + "\n\n" + left[err.For]
	case errors.As(err, &call) && call.Kind != cloudapi.KindCanceled: // a try that ran out of time is not the wait that did
		return text + "it could not be looked at any more.\n" + failedCall(call, from.Credentials) + "\n\n" + left[err.For]
	case errors.Is(err, context.DeadlineExceeded):
		return text + "the time that `timeouts` allows ran out.\n\n" + raise[err.For] + left[err.For]
	case errors.Is(err, context.Canceled):
		return text + "the run was interrupted.\n\n" + left[err.For]
	}
	return text + "this happened: " + sentence(err.Err.Error())
}

func seen(last *tke.ImageCache) string {
	if last == nil {
		return "not listed yet"
	}
	return last.Status
}

func rootOf(err error) string {
	if call, ok := errors.AsType[*cloudapi.Error](err); ok {
		return strings.TrimPrefix(call.Error(), call.Action+": ")
	}
	return err.Error()
}

func list(items []string) string {
	return "  - " + strings.Join(items, "\n  - ")
}

// sentence ends a text with a full stop, unless it ends by itself.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?…") {
		return text
	}
	return text + "."
}
