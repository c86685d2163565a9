package tketest

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// reasonFailed is the reason of the event that a Pod has when its image cannot be pulled.
const reasonFailed = "Failed"

// buildSite is where a build happens: a temporary instance and disk, and the snapshot that stays.
type buildSite struct {
	instance, disk, snapshot string
	older                    bool // worded like the older published example
}

func newBuildSite(seq int) buildSite {
	return buildSite{
		instance: "eksci-" + randomName(),
		disk:     "disk-" + randomName(),
		snapshot: "snap-" + randomName(),
		older:    seq%2 == 0,
	}
}

func (s buildSite) diskCreated() Event {
	return s.newEvent("DiskCreated", "Disk", "create", s.disk, "created")
}

func (s buildSite) instanceCreated() Event {
	return s.newEvent(s.eksCi()+"Created", "Eksci", "create", s.instance, "created")
}

func (s buildSite) snapshotCreated() Event {
	return s.newEvent("SnapCreated", "Snap", "create", s.snapshot, "created")
}

func (s buildSite) instanceDeleted() Event {
	return s.newEvent(s.eksCi()+"Deleted", "Eksci", "delete", s.instance, "deleted")
}

func (s buildSite) diskDeleted() Event {
	return s.newEvent("DiskDeleted", "Disk", "delete", s.disk, "deleted")
}

// eksCi is written in two ways, EksciCreated and EksCiCreated.
func (s buildSite) eksCi() string {
	if s.older {
		return "Eksci"
	}
	return "EksCi"
}

// newEvent has the two wordings that were seen: "Disk disk-xxx created", "create disk disk-320438xa
// successfully".
func (s buildSite) newEvent(reason, thing, verb, id, done string) Event {
	message := fmt.Sprintf("%s %s %s", thing, id, done)
	if !s.older {
		message = fmt.Sprintf("%s %s %s successfully", verb, strings.ToLower(thing), id)
	}
	return Event{Type: EventNormal, Reason: reason, Message: message}
}

// randomName is the second part of the cloud's ids: 8 lower-case letters and digits.
func randomName() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	name := make([]byte, 8)
	_, _ = rand.Read(name) // never fails
	for i, b := range name {
		name[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(name)
}

// newRequestID is a random UUID.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:])
}
