package annotations

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// OptionError is an option that cannot become an annotation.
type OptionError struct {
	Option  string
	Problem string // what it is, as in "is true"
	Remedy  string // what to write instead
}

func (e *OptionError) Error() string { return fmt.Sprintf("%s %s: %s", e.Option, e.Problem, e.Remedy) }

// Known reports whether no value is left to be known.
func (o Options) Known() bool {
	for _, written := range o {
		if !isKnown(written) {
			return false
		}
	}
	return true
}

func isKnown(written any) bool {
	switch written := written.(type) {
	case Unknown:
		return false
	case []any:
		return !slices.ContainsFunc(written, func(element any) bool { return !isKnown(element) })
	}
	return true
}

// Render returns the annotations, by whole key. The error joins one *OptionError for each mistake.
// Unknown values are left out and cause no error: they may turn out to be valid, or null.
func (o Options) Render() (map[string]string, error) {
	rendered := map[string]string{}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(o)) {
		option, exists := findOption(name)
		if !exists {
			mistakes = append(mistakes, newUnknownOptionError(name))
			continue
		}
		if !o.isWritten(name) {
			continue
		}
		annotation, err := option.value.renderValue(o[name])
		switch {
		case err != nil:
			mistakes = append(mistakes, &OptionError{name, err.problem, strings.ReplaceAll(err.remedy, "%name", name)})
		case annotation != nil:
			rendered[option.key] = *annotation
		}
	}
	mistakes = append(mistakes, o.checkContradictions(rendered)...)
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return rendered, nil
}

// isWritten reports whether an option has a value, and one that is known.
func (o Options) isWritten(name string) bool {
	switch o[name].(type) {
	case nil, Unknown:
		return false
	}
	return true
}

// checkContradictions are options that do not go together.
func (o Options) checkContradictions(rendered map[string]string) []error {
	var mistakes []error
	ofCache, ofSystem := o.namesConcerning(cacheDisk), o.namesConcerning(systemDisk)
	_, perhaps := o[imageCache].(Unknown)
	if len(ofCache) > 0 && !o.isWritten(imageCache) && !perhaps {
		mistakes = append(mistakes, &OptionError{
			ofCache[0],
			"stands without image_cache, so there is no cache to make a disk from",
			`write image_cache = "auto" or the id of a cache too; ` +
				"root_disk_size_gib alone sizes a system disk without a cache",
		})
	}
	if cache := rendered[UseImageCache]; cacheID.MatchString(cache) && len(ofSystem) > 0 {
		mistakes = append(mistakes, o.newUselessDiskError(cache, ofSystem[0], rendered))
	}
	high, low := rendered[ImageGCHighThreshold], rendered[ImageGCLowThreshold]
	if high != "" && low != "" && !isBelow(low, high) {
		mistakes = append(mistakes, &OptionError{
			gcLow,
			fmt.Sprintf("is %s, and %s is %s", low, gcHigh, high),
			"write a low threshold that is below the high one",
		})
	}
	return mistakes
}

// cacheCounterparts are what an option of the system disk is for the disk that is made from a
// cache.
var cacheCounterparts = map[string]string{rootDisk: cacheSize, rootDiskType: cacheType}

// newUselessDiskError is a system disk of a Pod that always has a disk made from one cache.
func (o Options) newUselessDiskError(cache, name string, rendered map[string]string) error {
	remedy := "leave " + name + " out"
	if counterpart := cacheCounterparts[name]; !o.isWritten(counterpart) {
		switch size, kind := rendered[RootCBSSize], rendered[RootCBSType]; {
		case name == rootDisk && size != "":
			counterpart += " = " + size
		case name == rootDiskType && kind != "":
			counterpart += fmt.Sprintf(" = %q", kind)
		}
		remedy = "write " + counterpart + " instead of it, or leave it out for a disk like the cache's own"
	}
	return &OptionError{
		name,
		fmt.Sprintf("has no effect beside image_cache = %q, ", cache) +
			"because the Pod's disk is always made from that cache",
		remedy + `; with image_cache = "auto" it is the disk of a Pod that no cache matches`,
	}
}

// isBelow compares two numbers as they were rendered, in digits.
func isBelow(low, high string) bool {
	return len(low) < len(high) || len(low) == len(high) && low < high
}

// namesConcerning are the names of the options of a disk that have values.
func (o Options) namesConcerning(d disk) []string {
	var names []string
	for _, option := range options {
		if option.disk == d && o.isWritten(option.name) {
			names = append(names, option.name)
		}
	}
	return names
}
