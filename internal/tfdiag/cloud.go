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
			"Image cache %s no longer exists: it was deleted outside Terraform, or it expired. The API has left it out of every list for a while. "+
				"Apply again to create a new one.", gone.ID))
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
	return "No cloud credentials were found. Places searched:\n" + list(err.Looked) +
		"\n\nSet one of them. The root disk size data source and the functions work without credentials."
}

func unknownArguments(err *clients.UnknownArgumentsError) string {
	return fmt.Sprintf("Provider configuration is not known until apply. These arguments depend on resources that are changed in this run:\n%s\n\n"+
		"No API call was made, and the state is unchanged. Apply those resources first with -target, or set values that are known at plan time; "+
		"a data source can wait for the apply with depends_on.", list(err.Arguments))
}

// WrongRegion tells of a cache of another region than the provider's. Looked for in the provider's, it would seem to be gone.
func WrongRegion(id, region, configured string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Image cache is in another region", fmt.Sprintf(
		"Image cache %s is in %s, and this provider is configured for %s. The cache and the state are unchanged.\n\n"+
			"To keep it, use a provider that is configured for its region. To move it to %s, destroy it with a provider for %s first, "+
			"or remove it from the state (terraform state rm) and delete it manually.", id, region, configured, configured, region))
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
		fmt.Fprintf(&b, "%s was answered by something other than the %s API: %s", err.Action, api, sentence(err.Message))
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
	tke.Built: "The service continues the build, and the id is in the state. If the cache becomes Ready, " +
		"`terraform untaint` keeps it; otherwise the next apply replaces it.",
	tke.Updated: "The service continues the update, and the cache keeps its id. The next plan shows what remains to be done.",
	tke.Deleted: "The service continues the deletion, and the cache stays in the state until it is deleted. Destroy again: deleting a cache that no longer exists is not an error.",
}

// raise is the advice when the time for an outcome was too short.
var raise = map[tke.Outcome]string{
	tke.Built:   "Large images take a long time to pull: raise the timeout. ",
	tke.Updated: "Large images take a long time to pull: raise the timeout. ",
}

func endedWait(err *tke.WaitError, from *clients.Clients) string {
	text := fmt.Sprintf("Waiting for image cache %s, whose last status was %s, ended: ", err.ID, seen(err.Last))
	var call *cloudapi.Error
	var listed *tke.InconsistentError
	switch {
	case errors.As(err, &listed):
		return text + "its status could not be read.\n" + inconsistentList(listed) + "\n\n" + left[err.For]
	case errors.As(err, &call) && call.Kind != cloudapi.KindCanceled: // a try that ran out of time is not the wait that did
		return text + "its status could not be read.\n" + failedCall(call, from.Credentials) + "\n\n" + left[err.For]
	case errors.Is(err, context.DeadlineExceeded):
		return text + "the time that `timeouts` allows ran out.\n\n" + raise[err.For] + left[err.For]
	case errors.Is(err, context.Canceled):
		return text + "the run was interrupted.\n\n" + left[err.For]
	}
	return text + sentence(err.Err.Error())
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
