// Package tfdiag turns errors into diagnostics. Every text about what somebody else answered, or did not (the cloud, a registry, a
// build), is made here, in the same order: what was attempted, what the other side said with its code and request id, and what to
// do now. What the provider finds by itself, in a configuration or by comparing, is told where it is found.
package tfdiag

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// Cloud tells of a call to the cloud's API that failed. attempt completes "Cannot …", such as "create image cache \"llm\"".
func Cloud(attempt string, err error, from *clients.Clients) diag.Diagnostic {
	summary := "Cannot " + attempt
	var (
		missing   *clients.MissingCredentialsError
		unknown   *clients.UnknownArgumentsError
		build     *tke.BuildError
		uncertain *tke.UncertainError
		wait      *tke.WaitError
		gone      *tke.GoneError
		call      *tke.Error
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
			"Image cache %s is gone: somebody deleted it, or it expired. Apply again to create it anew.", gone.ID))
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

// Elsewhere tells of a cache of another region than the provider's. Looked for in the provider's, it would seem to be gone.
func Elsewhere(id, region, configured string) diag.Diagnostic {
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
	case tke.KindService:
		fmt.Fprintf(&b, "The %s API answered %s with %s: %s", api, err.Action, err.Code, sentence(err.Message))
	case tke.KindStatus:
		fmt.Fprintf(&b, "%s answered %s with HTTP status %d instead of an API answer: %s", err.Host, err.Action, err.Status, sentence(err.Message))
	case tke.KindMalformed:
		fmt.Fprintf(&b, "%s was answered by something that is not the %s API: %s", err.Action, api, sentence(err.Message))
	case tke.KindCanceled:
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

func uncertainCreate(err *tke.UncertainError) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The request to create image cache %q was sent, but no clear answer came back: %s\n\n", err.Name, sentence(rootOf(err.Err)))
	switch {
	case len(err.Found) > 1:
		fmt.Fprintf(&b, "Several caches of that name have appeared meanwhile: %s. Find the one that is yours, import it, and delete the others:\n\n",
			strings.Join(err.Found, ", "))
	case err.Look != nil:
		fmt.Fprintf(&b, "Looking for that cache failed too: %s It may well exist, and to apply again would then make a second one. "+
			"First look in the console or with DescribeImageCaches for that name. If it is there, import it:\n\n", sentence(rootOf(err.Look)))
	default:
		b.WriteString("No cache of that name was found afterwards, so most likely none was created, but that is not certain. " +
			"Look in the console or with DescribeImageCaches for that name before you apply again. If it is there, import it:\n\n")
	}
	b.WriteString("  terraform import ADDRESS imc-…")
	return b.String()
}

// Namesakes warns of caches that bear the name of one that is going to be created, and that no state was seen to hold.
func Namesakes(name string, caches []tke.ImageCache) diag.Diagnostic {
	var items []string
	caches = slices.SortedFunc(slices.Values(caches), tke.NewestFirst)
	for _, cache := range caches {
		items = append(items, fmt.Sprintf("%s: %s, created %s", cache.ID, cache.Status, cache.Created.UTC().Format(time.RFC3339)))
	}
	return diag.NewWarningDiagnostic(fmt.Sprintf("Another image cache is named %q", name), fmt.Sprintf(
		"This creates a new image cache, and the service has one of that name already, which this run has not met in the state:\n%s\n\n"+
			"If a run was killed before it could write the state, this is what it left behind. To keep it instead of making another one, stop here and import it:\n\n"+
			"  terraform import ADDRESS %s\n\n"+
			"If the new cache replaces it (create_before_destroy), or if it belongs to another configuration, there is nothing to do.",
		list(items), caches[0].ID))
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
	var call *tke.Error
	switch {
	case errors.As(err, &call) && call.Kind != tke.KindCanceled: // a try that ran out of time is not the wait that did
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
	if call, ok := errors.AsType[*tke.Error](err); ok {
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
