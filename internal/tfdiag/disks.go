package tfdiag

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
)

// DiskNotSold is the error for a zone that does not sell a disk. configs are what it sells of the
// type.
func DiskNotSold(zone string, disk cbs.Disk, configs []cbs.Config) diag.Diagnostic {
	if len(configs) == 0 {
		return diag.NewErrorDiagnostic("Zone does not sell this disk", fmt.Sprintf(
			"Zone %s sells no disk of type %s by the hour. Choose another disk_type or zone.", zone, disk.Type))
	}
	var sizes []string
	for _, config := range configs {
		size := fmt.Sprintf("%d to %d GiB", config.MinDiskSize, config.MaxDiskSize)
		if config.StepSize > 1 {
			size += fmt.Sprintf(" in steps of %d", config.StepSize)
		}
		if len(sizes) == 0 || sizes[len(sizes)-1] != size {
			sizes = append(sizes, size)
		}
	}
	return diag.NewErrorDiagnostic("Zone does not sell this disk", fmt.Sprintf(
		"Zone %s sells disks of type %s of %s, and size_gib is %d.",
		zone, disk.Type, strings.Join(sizes, " or "), disk.SizeGiB,
	))
}
