package tfdiag

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// SubnetRequired says that a plan would create a cache without vpc_id or subnet_id.
func SubnetRequired(attribute string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root(attribute), "A new cache needs "+attribute,
		"An image cache is built in a subnet of a VPC, so vpc_id and subnet_id are required to create one; only a "+
			"cache that was imported does without them. If this plan replaces such a cache, set both, or undo "+
			"what replaces it: a smaller size_gib, a changed digest, status Failed, or a taint.",
	)
}

// ImportNeedsID says that an import names no cache.
func ImportNeedsID() diag.Diagnostic {
	return diag.NewErrorDiagnostic("An import needs the id of a cache",
		"The import block names no id. Write id = \"imc-…\", or, from version 1.12 of Terraform and OpenTofu on, "+
			"identity = { id = \"imc-…\" }; the region may be omitted. `terraform query` and "+
			"data \"tkeimage_caches\" list the ids.",
	)
}

// ImportFromOtherRegion says that an identity is one of another region than the provider's.
func ImportFromOtherRegion(region, configured string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Cannot import from another region", fmt.Sprintf(
		"The identity names region %s, and this provider is configured for %s. Import with a provider of that region.",
		region, configured,
	))
}

// ImportNotFound says that there is no cache of this id.
func ImportNotFound(id, region string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Cannot import image cache "+id, fmt.Sprintf(
		"There is no image cache %q in %s. An id is imc- and 8 characters; the console lists them, and a cache "+
			"belongs to one region.",
		id, region,
	))
}

// QueryLimited says that a query found more caches than it lists.
func QueryLimited(listed, found int) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("The limit leaves out image caches: %d", found-listed),
		fmt.Sprintf(
			"The query found %d image caches and lists the %d newest. Set limit = %d or more in the list block, "+
				"beside provider, or narrow the query in config.",
			found, listed, found,
		))
}

// CannotMove says that `moved` names a type whose state is not a cache's.
func CannotMove(from, supported string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Cannot move "+from+" to tkeimage_cache", fmt.Sprintf(
		"moved takes over a state of %s only. To keep a cache that %s made, remove the moved block and write "+
			"import { to = tkeimage_cache.NAME, id = \"imc-…\" }, and removed { from = %s.NAME } with destroy = "+
			"false in its lifecycle block, so that the old resource is forgotten and not destroyed.",
		supported, from, from,
	))
}

// CannotMoveState says that a state of the right type names no cache.
func CannotMoveState(from, id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Cannot move this state of "+from+" to tkeimage_cache", fmt.Sprintf(
		"Its id is %q, and the id of an image cache is imc- and 8 characters. Remove the moved block, import the "+
			"cache by its id, and write removed { from = %s.NAME } with destroy = false in its lifecycle block.",
		id, from,
	))
}

// MovedCacheNotFound says that the first read after a move, whose state names no region, found
// nothing.
func MovedCacheNotFound(id, region string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Cannot find image cache "+id+" in "+region, fmt.Sprintf(
		"The state of image cache %s does not say in which region it is, as after a move from another type of "+
			"resource, and there is none of this id in %s. If it is in another region, configure the provider for "+
			"that region. If it is gone, remove it from the state: terraform state rm ADDRESS.",
		id, region,
	))
}
