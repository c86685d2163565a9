package tfdiag

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// uncertainCreate is what a create came to whose answer was lost. It never advises to delete a cache: it may be another run's.
func uncertainCreate(err *tke.UncertainError) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The request to create image cache %q was sent, but no clear answer came back: %s\n\n", err.Name, sentence(rootOf(err.Err)))
	switch {
	case len(err.Differences) > 0:
		fmt.Fprintf(&b, "The service has a cache of this name, which was made up for this request, but not as it was asked for:\n%s\n\n"+
			"So it was not taken over:\n%s\n\nLook at it in the console. To keep it as it is, import it:\n\n",
			list(err.Differences), list(describeEach(err.Found)))
	case len(err.Found) > 0:
		fmt.Fprintf(&b, "Since then the service lists under this name what it did not list before:\n%s\n\n"+
			"A name proves nothing: this may be what the request made, or what another run made under the same name. So nothing was taken over, "+
			"and to apply again would make another one. Look whether it is yours (images, size, time); if it is, import it first:\n\n", list(describeEach(err.Found)))
	case err.SearchErr != nil:
		fmt.Fprintf(&b, "Looking for that cache failed too: %s It may well exist, and to apply again would then make a second one. "+
			"First look in the console or with DescribeImageCaches for that name. If it is there and yours, import it:\n\n", sentence(rootOf(err.SearchErr)))
	default:
		b.WriteString("No new cache of that name was listed in several looks afterwards, so most likely none was created, but that is not certain. " +
			"Look in the console or with DescribeImageCaches for that name before you apply again. If it is there and yours, import it:\n\n")
	}
	id := "imc-…"
	if len(err.Found) == 1 {
		id = err.Found[0].ID
	}
	b.WriteString(howToImport(id))
	return b.String()
}

// howToImport is the command, and the block for a configuration.
func howToImport(id string) string {
	return fmt.Sprintf("  terraform import ADDRESS %s\n\nor, in the configuration:\n\n  import {\n    to = ADDRESS\n    id = %[1]q\n  }", id)
}

// describeEach returns one line for each cache, the newest first, by which its owner recognizes it.
func describeEach(caches []tke.ImageCache) []string {
	var lines []string
	for _, cache := range slices.SortedFunc(slices.Values(caches), tke.NewestFirst) {
		lines = append(lines, fmt.Sprintf("%s: %s, created %s, %d GiB, %s", cache.ID, cache.Status,
			cache.Created.UTC().Format(time.RFC3339), cache.SizeGiB, strings.Join(cache.Images, ", ")))
	}
	return lines
}

// SameNameCaches warns of caches that bear the name of one that is going to be created, and that no state was seen to hold.
func SameNameCaches(name string, caches []tke.ImageCache) diag.Diagnostic {
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

// ReappearedCache is the error of a plan that would create a cache beside one that the same plan has just taken for gone.
func ReappearedCache(cache *tke.ImageCache) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Image cache %s is there again", cache.ID), fmt.Sprintf(
		"The refresh before this plan did not find image cache %s (%q) in several looks, and took it out of the state. Now the service lists it again: "+
			"its lists cannot be relied on at the moment. A new cache beside it would leave it without a state, so nothing is planned.\n\n"+
			"Plan again: a plan that fails keeps the state as it was. After `terraform refresh` or an apply with -refresh-only the state has lost it; then import it:\n\n%s",
		cache.ID, cache.Name, howToImport(cache.ID)))
}

// DuplicateAddress warns of a cache that the state holds more than once.
func DuplicateAddress(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Image cache is at two addresses", fmt.Sprintf(
		"The state holds image cache %s at this address and at another one. Both change it in turn, and to destroy either deletes the cache of both. "+
			"Keep one address, and let the state forget the other:\n\n  terraform state rm ADDRESS", id))
}

// inconsistentList tells of a list that contradicts itself.
func inconsistentList(err *tke.InconsistentError) string {
	text := fmt.Sprintf("The TKE API answered DescribeImageCaches with %s", err.Problem)
	if err.ID != "" {
		text += ": " + err.ID
	}
	return text + fmt.Sprintf(".\nRequest id: %s\n\nNothing was taken from that list, and the state is as it was before it. Try again later; if it stays so, open a ticket with the request id.", err.RequestID)
}
