package inventory

import (
	"encoding/binary"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ext4"
)

// Attributes are an entry's extended attributes: what they take, and what they are.
type Attributes struct {
	bytes int64
	shape uint64
}

// PaxAttribute begins the PAX records of extended attributes, as star and Docker write them.
const PaxAttribute = "SCHILY.xattr."

const (
	// A block of attributes, less its header and the zeros behind its list.
	attributeBlock = disksize.BlockSize - 32 - 4
	maxAttribute   = 255 // bytes of its name
)

// measureAttributes finds the extended attributes among an entry's PAX records.
func (v *Inventory) measureAttributes(entry string, kind Kind, records map[string]string) Attributes {
	var a Attributes
	for key, value := range records {
		name, ok := strings.CutPrefix(key, PaxAttribute)
		if !ok || !storedAttribute(name, kind) {
			continue
		}
		if !validAttribute(name, value) {
			v.refuseEntry(entry, layersize.RefusedAttribute)
			continue
		}
		before := a.bytes
		a.Include(v, name, value, len(value))
		if a.bytes-before > attributeBlock {
			v.refuseEntry(entry, layersize.RefusedAttributeSize)
			return a
		}
	}
	if a.bytes > attributeBlock+ext4.AttributeRoom {
		v.refuseEntry(entry, layersize.RefusedAttributeSize)
	}
	return a
}

// Include adds one attribute; the order does not matter.
func (a *Attributes) Include(v *Inventory, name, value string, length int) {
	if !storedAttribute(name, KindFile) {
		return
	}
	a.bytes += ext4.AttributeBytes(name, length)
	a.shape += v.hashPath(name)*31 ^ v.hashPath(value)
}

// storedAttribute reports whether containerd sets an attribute and does not ignore that Linux
// refuses it: it leaves those of the overlay's own kind out, ext4 knows three kinds, and user's are
// for files and directories.
func storedAttribute(name string, kind Kind) bool {
	switch {
	case strings.HasPrefix(name, "user."):
		return kind == KindFile || kind == KindDirectory || kind == KindHardlink
	case strings.HasPrefix(name, "security."):
		return true
	case name == aclAccess, name == aclDefault:
		return kind != KindSymlink
	}
	return false
}

const (
	aclAccess  = "system.posix_acl_access"
	aclDefault = "system.posix_acl_default"
	capability = "security.capability"
)

// validAttribute reports whether Linux takes an attribute: a name behind the prefix, and the form
// of those that it reads itself (include/uapi/linux/capability.h, posix_acl_xattr.h).
func validAttribute(name, value string) bool {
	_, own, _ := strings.Cut(name, ".")
	if own == "" || len(name) > maxAttribute {
		return false
	}
	switch name {
	case capability:
		return len(value) >= 4 && (value[3] == 2 && len(value) == 20 || value[3] == 3 && len(value) == 24)
	case aclAccess, aclDefault:
		const header, each, version = 4, 8, 2
		return value == "" || len(value) >= header && (len(value)-header)%each == 0 &&
			binary.LittleEndian.Uint32([]byte(value)) == version
	}
	return true
}
