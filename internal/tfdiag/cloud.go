// Package tfdiag has the text of every diagnostic. One about an answer of the cloud, a registry or
// a build, or about a missing one, has the same order each time: what was attempted, what the other
// side said with its code and request id, and what to do now. One about a configuration says what
// is wrong with which argument, and what to write instead.
//
// What validators of the framework's own say, and errors of functions, is not among them.
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
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// CloudError describes a call to the cloud's API that failed. attempt completes "Cannot …", such as
// "create image cache \"llm\"".
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
		return diag.NewErrorDiagnostic(summary, formatMissingCredentials(missing))
	case errors.As(err, &unknown):
		return diag.NewErrorDiagnostic(summary, formatUnknownArguments(unknown))
	case errors.As(err, &build):
		return diag.NewErrorDiagnostic(summary, formatFailedBuild(build.Cache))
	case errors.As(err, &uncertain):
		return diag.NewErrorDiagnostic(summary, formatUncertainCreate(uncertain))
	case errors.As(err, &wait):
		return diag.NewErrorDiagnostic(summary, formatEndedWait(wait, from))
	case errors.As(err, &gone):
		return diag.NewErrorDiagnostic(summary, fmt.Sprintf(
			"Image cache %s no longer exists: it was deleted outside Terraform, or it expired. The API has left it "+
				"out of every list for a while. Apply again to create a new one.",
			gone.ID,
		))
	case errors.As(err, &listed):
		return diag.NewErrorDiagnostic(summary, formatInconsistentList(listed))
	case errors.As(err, &call):
		return diag.NewErrorDiagnostic(summary, formatFailedCall(call, from.Credentials))
	case from.Fault != nil && errors.Is(err, from.Fault):
		return diag.NewErrorDiagnostic(summary, formatUnusable(err, from.Credentials))
	}
	return diag.NewErrorDiagnostic(summary, endSentence(err.Error()))
}

func formatMissingCredentials(err *clients.MissingCredentialsError) string {
	return "No cloud credentials were found. Places searched:\n" + formatList(listPlaces(err.Profile)) +
		"\n\nSet one of them. The root disk size data source and the functions work without credentials."
}

func formatUnknownArguments(err *clients.UnknownArgumentsError) string {
	return fmt.Sprintf(
		"Provider configuration is not known until apply. These arguments depend on resources that are changed in "+
			"this run:\n%s\n\n"+
			"No API call was made, and the state is unchanged. Apply those resources first with -target, or set "+
			"values that are known at plan time; a data source can wait for the apply with depends_on.",
		formatList(err.Arguments),
	)
}

// WrongRegion describes a cache of another region than the provider's: a read in the provider's
// region would not find it.
func WrongRegion(id, region, configured string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Image cache is in another region", fmt.Sprintf(
		"Image cache %s is in %s, and this provider is configured for %s. The cache and the state are unchanged.\n\n"+
			"To keep it, use a provider that is configured for its region. To move it to %s, destroy it with a "+
			"provider for %s first, or remove it from the state (terraform state rm) and delete it manually.",
		id, region, configured, configured, region))
}

// formatFailedCall describes one failed API call. used are the sources of the credentials.
func formatFailedCall(err *cloudapi.Error, used []credentials.Source) string {
	if err.Kind == cloudapi.KindUnsigned {
		return formatUnusable(err.Err, used)
	}
	var b strings.Builder
	api := strings.ToUpper(cmp.Or(err.Service, "tke"))
	switch err.Kind {
	case cloudapi.KindService:
		fmt.Fprintf(&b, "The %s API answered %s with %s: %s", api, err.Action, err.Code, endSentence(err.Message))
	case cloudapi.KindStatus:
		fmt.Fprintf(
			&b, "%s answered %s with HTTP status %d instead of an API answer: %s", err.Host, err.Action, err.Status,
			endSentence(err.Message),
		)
	case cloudapi.KindMalformed:
		fmt.Fprintf(
			&b, "%s was answered by something other than the %s API: %s", err.Action, api, endSentence(err.Message),
		)
	case cloudapi.KindCanceled:
		fmt.Fprintf(&b, "%s was interrupted: %s", err.Action, endSentence(err.Message))
	default:
		fmt.Fprintf(&b, "%s got no answer: %s", err.Action, endSentence(err.Message))
	}
	if err.RequestID != "" {
		fmt.Fprintf(&b, "\nRequest id: %s", err.RequestID)
	}
	if advice := findRemedy(err, used); advice != "" {
		fmt.Fprintf(&b, "\n\n%s", advice)
	}
	return b.String()
}

// remainingWork is what an outcome that was not waited for to the end leaves behind.
var remainingWork = map[tke.Outcome]string{
	tke.Built: "The service continues the build, and the id is in the state. If the cache becomes Ready, " +
		"`terraform untaint` keeps it; otherwise the next apply replaces it.",
	tke.Resumed: "The service continues the build, and the cache keeps its id. Nothing else was sent; apply again.",
	tke.Updated: "The service continues the update, and the cache keeps its id. The next plan shows what remains " +
		"to be done.",
	tke.Deleted: "The service continues the deletion, and the cache stays in the state until it is deleted. " +
		"Destroy again: deleting a cache that no longer exists is not an error.",
}

// timeoutAdvice is the advice when the time for an outcome was too short.
var timeoutAdvice = map[tke.Outcome]string{
	tke.Built:   "Large images take a long time to pull: raise the timeout. ",
	tke.Resumed: "Large images take a long time to pull: raise the timeout. ",
	tke.Updated: "Large images take a long time to pull: raise the timeout. ",
}

func formatEndedWait(err *tke.WaitError, from *clients.Clients) string {
	text := fmt.Sprintf("Waiting for image cache %s, whose last status was %s, ended: ", err.ID, lastStatus(err.Last))
	var call *cloudapi.Error
	var listed *tke.InconsistentError
	switch {
	case errors.As(err, &listed):
		return text + "its status could not be read.\n" + formatInconsistentList(listed) +
			"\n\n" + remainingWork[err.For]
	// a try that ran out of time is not the wait that did
	case errors.As(err, &call) && call.Kind != cloudapi.KindCanceled:
		return text + "its status could not be read.\n" + formatFailedCall(call, from.Credentials) +
			"\n\n" + remainingWork[err.For]
	case errors.Is(err, context.DeadlineExceeded):
		return text + "the time that `timeouts` allows ran out.\n\n" + timeoutAdvice[err.For] + remainingWork[err.For]
	case errors.Is(err, context.Canceled):
		return text + "the run was interrupted.\n\n" + remainingWork[err.For]
	}
	return text + endSentence(err.Err.Error())
}

func lastStatus(last *tke.ImageCache) string {
	if last == nil {
		return "not listed yet"
	}
	return last.Status
}

func rootText(err error) string {
	if call, ok := errors.AsType[*cloudapi.Error](err); ok {
		return strings.TrimPrefix(call.Error(), call.Action+": ")
	}
	return err.Error()
}

func formatList(items []string) string {
	return "  - " + strings.Join(items, "\n  - ")
}

// endSentence ends a text with a full stop, unless it ends on its own.
func endSentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?…") {
		return text
	}
	return text + "."
}
