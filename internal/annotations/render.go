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
	ofCache := o.namesInMode(imageCacheMode)
	_, perhaps := o[imageCache].(Unknown)
	switch {
	case len(ofCache) > 0 && o.isWritten(rootDisk):
		mistakes = append(mistakes, newMixedModesError(ofCache, rendered))
	case len(ofCache) > 0 && !o.isWritten(imageCache) && !perhaps:
		mistakes = append(mistakes, &OptionError{
			ofCache[0],
			"stands without image_cache, so there is no cache to make a disk from",
			`write image_cache = "auto" or the id of a cache too; ` +
				"root_disk_size_gib alone sizes a system disk without a cache",
		})
	}
	if high, low := rendered[ImageGCHighThreshold], rendered[ImageGCLowThreshold]; high != "" && low != "" &&
		!isBelow(low, high) {
		mistakes = append(mistakes, &OptionError{
			gcLow,
			fmt.Sprintf("is %s, and %s is %s", low, gcHigh, high),
			"write a low threshold that is below the high one",
		})
	}
	return mistakes
}

// newMixedModesError is a Pod in two modes at once.
func newMixedModesError(ofCache []string, rendered map[string]string) error {
	remedy := "leave root_disk_size_gib out"
	if !slices.Contains(ofCache, cacheDisk) {
		instead := cacheDisk
		if size := rendered[RootCBSSize]; size != "" {
			instead += " = " + size
		}
		remedy = "write " + instead + " instead of it, or leave it out for a disk of the cache's size"
	}
	return &OptionError{
		rootDisk,
		"cannot stand beside " + strings.Join(
			ofCache, ", ",
		) + ", because a Pod that uses an image cache has its images on a disk made from the cache",
		remedy + "; without a cache, leave the image_cache options out",
	}
}

// isBelow compares two numbers as they were rendered, in digits.
func isBelow(low, high string) bool {
	return len(low) < len(high) || len(low) == len(high) && low < high
}

// namesInMode are the names of the options of a mode that have values.
func (o Options) namesInMode(m mode) []string {
	var names []string
	for _, option := range options {
		if option.mode == m && o.isWritten(option.name) {
			names = append(names, option.name)
		}
	}
	return names
}
