// Package rootdisk is the data source tkeimage_root_disk_size and the function root_disk_size_gib:
// how much disk do these images need? Both use the arithmetic of package disksize; the network
// belongs to the data source alone.
package rootdisk
