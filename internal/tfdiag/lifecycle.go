package tfdiag

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// formatUncertainCreate describes a create whose response was lost. It never advises to delete a
// cache: it may be another run's.
func formatUncertainCreate(err *tke.UncertainError) string {
	var b strings.Builder
	fmt.Fprintf(
		&b, "The request to create image cache %q was sent, but its outcome is unknown: %s\n\n", err.Name,
		endSentence(rootText(err.Err)),
	)
	switch {
	case len(err.Differences) > 0:
		fmt.Fprintf(
			&b,
			"A cache with this name, which was generated for this request, exists but differs from the "+
				"request:\n%s\n\n"+
				"It was not adopted:\n%s\n\nInspect it in the console. To keep it as it is, import it:\n\n",
			formatList(err.Differences), formatList(describeCaches(err.Found)),
		)
	case len(err.Found) > 0:
		fmt.Fprintf(&b, "The API now lists under this name what it did not list before the request:\n%s\n\n"+
			"A name is not proof: this may come from this request, or from another run that uses the same name. "+
			"Nothing was adopted, "+
			"and applying again would create another one. Check whether it is yours (images, size, time); if it "+
			"is, import it first:\n\n", formatList(describeCaches(err.Found)))
	case err.SearchErr != nil:
		fmt.Fprintf(
			&b,
			"The search for that cache failed too: %s It may exist, and applying again would then create a "+
				"second one. "+
				"First search for that name in the console or with DescribeImageCaches. If it exists and is yours, "+
				"import it:\n\n",
			endSentence(rootText(err.SearchErr)),
		)
	default:
		b.WriteString(
			"Several searches afterwards found no new cache of that name, so most likely none was created, but " +
				"that is not certain. " +
				"Search for that name in the console or with DescribeImageCaches before you apply again. If it " +
				"exists and is yours, import it:\n\n",
		)
	}
	id := "imc-…"
	if len(err.Found) == 1 {
		id = err.Found[0].ID
	}
	b.WriteString(formatImport(id))
	return b.String()
}

// formatImport is the command, and the block for a configuration.
func formatImport(id string) string {
	return fmt.Sprintf(
		"  terraform import ADDRESS %s\n\nor, in the configuration:\n\n  import {\n    to = ADDRESS\n    id = "+
			"%[1]q\n  }",
		id,
	)
}

// describeCaches returns one line for each cache, the newest first, by which its owner recognizes
// it.
func describeCaches(caches []tke.ImageCache) []string {
	var lines []string
	for _, cache := range slices.SortedFunc(slices.Values(caches), tke.NewestFirst) {
		lines = append(lines, fmt.Sprintf("%s: %s, created %s, %d GiB, %s", cache.ID, cache.Status,
			cache.Created.UTC().Format(time.RFC3339), cache.SizeGiB, strings.Join(cache.Images, ", ")))
	}
	return lines
}

// SameNameCaches warns of caches with the name of one that is going to be created, which no state
// of this run contains.
func SameNameCaches(name string, caches []tke.ImageCache) diag.Diagnostic {
	var items []string
	caches = slices.SortedFunc(slices.Values(caches), tke.NewestFirst)
	for _, cache := range caches {
		items = append(
			items,
			fmt.Sprintf("%s: %s, created %s", cache.ID, cache.Status, cache.Created.UTC().Format(time.RFC3339)),
		)
	}
	return diag.NewWarningDiagnostic(fmt.Sprintf("Another image cache is named %q", name), fmt.Sprintf(
		"This plan creates an image cache, and one of that name already exists that this run has not seen in the "+
			"state:\n%s\n\n"+
			"It may be left over from a run that was killed before it wrote the state. To keep it instead of "+
			"creating another one, stop here and import it:\n\n"+
			"  terraform import ADDRESS %s\n\n"+
			"If the new cache replaces it (create_before_destroy), or if it belongs to another configuration, no "+
			"action is needed.",
		formatList(items), caches[0].ID,
	))
}

// ReappearedCache is the error of a plan that would create a cache beside one that the same plan
// has just dropped.
func ReappearedCache(cache *tke.ImageCache) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Image cache %s is listed again", cache.ID), fmt.Sprintf(
		"The refresh before this plan did not find image cache %s (%q) in several attempts, and removed it from "+
			"the state. Now the API lists it again: "+
			"its lists are unreliable at the moment. Creating another cache would leave this one without a state, "+
			"so nothing is planned.\n\n"+
			"Plan again: a failed plan leaves the state unchanged. After `terraform refresh` or an apply with "+
			"-refresh-only it is no longer in the state; then import it:\n\n%s",
		cache.ID, cache.Name, formatImport(cache.ID),
	))
}

// DuplicateAddress warns of a cache that the state holds more than once.
func DuplicateAddress(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Image cache is at two addresses", fmt.Sprintf(
		"The state holds image cache %s at this address and at another one. Each changes it in turn, and "+
			"destroying either deletes the cache of both. "+
			"Keep one address, and remove the other from the state:\n\n  terraform state rm ADDRESS",
		id,
	))
}

// formatInconsistentList describes a list that contradicts itself.
func formatInconsistentList(err *tke.InconsistentError) string {
	text := fmt.Sprintf("The TKE API answered DescribeImageCaches with %s", err.Problem)
	if err.ID != "" {
		text += ": " + err.ID
	}
	return text + fmt.Sprintf(
		".\nRequest id: %s\n\nThat list was not used, and the state is unchanged. Try again later; if it persists, "+
			"open a ticket with the request id.",
		err.RequestID,
	)
}

// NotOneCache describes a data source whose id or name no cache has, or several have.
func NotOneCache(at path.Path, wanted, region string, found []tke.ImageCache) diag.Diagnostic {
	detail := fmt.Sprintf(
		"There is no image cache %q in %s. A cache belongs to one region: check the provider's region too.",
		wanted, region,
	)
	if len(found) > 0 {
		detail = fmt.Sprintf("%d image caches in %s have the name %q. Choose one by its id:\n\n%s",
			len(found), region, wanted, formatList(describeCaches(found)))
	}
	return diag.NewAttributeErrorDiagnostic(at, "Not exactly one image cache", detail)
}
