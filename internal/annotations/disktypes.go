package annotations

import (
	"fmt"
	"slices"
	"strings"
)

// Types of cloud disks. An annotation is read when a Pod starts, so a type that is not sold makes
// the Pod fail then. A function has no way to warn, and what is sold changes by zone: all types are
// taken that either page lists, and a mistake is answered with those that can be bought everywhere.
var (
	// soldDiskTypes are those that the disk API sells to any account.
	soldDiskTypes = []string{"CLOUD_PREMIUM", "CLOUD_BSSD", "CLOUD_SSD", "CLOUD_HSSD"}
	// rareDiskTypes are on the page of the annotation besides. The disk API sells the first with
	// some instances alone, and the second no longer.
	rareDiskTypes = []string{"CLOUD_TSSD", "CLOUD_BASIC"}
)

// diskType is a type of cloud disk.
type diskType struct{}

func (diskType) describeForm() string {
	return fmt.Sprintf(
		"one of `%s`; also `%s`, which is sold with some instances alone, and `%s`, which is no longer sold",
		strings.Join(soldDiskTypes, "`, `"), rareDiskTypes[0], rareDiskTypes[1],
	)
}

func (diskType) renderValue(written any) (*string, *mistake) {
	known := slices.Concat(soldDiskTypes, rareDiskTypes)
	name, isString := written.(string)
	if isString && slices.Contains(known, name) {
		return &name, nil
	}
	if meant, found := nearestCandidate(strings.ToUpper(name), known); found {
		return nil, &mistake{"is " + describeValue(written), fmt.Sprintf("write %%name = %q", meant)}
	}
	return nil, &mistake{"is " + describeValue(written), "write one of " + strings.Join(soldDiskTypes, ", ")}
}
