package imagecache

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

func timeOrNull(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339))
}

func stringOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func toStrings(set types.Set) []string {
	out := make([]string, 0, len(set.Elements()))
	for _, element := range set.Elements() {
		if s, ok := element.(types.String); ok && !s.IsNull() && !s.IsUnknown() {
			out = append(out, s.ValueString())
		}
	}
	slices.Sort(out)
	return out
}

func toStringMap(m types.Map) map[string]string {
	out := make(map[string]string, len(m.Elements()))
	for key, element := range m.Elements() {
		if s, ok := element.(types.String); ok && !s.IsNull() && !s.IsUnknown() {
			out[key] = s.ValueString()
		}
	}
	return out
}

// publicTexts returns configured texts that are shown openly, and so are never redacted, even if a
// weak password is a part of them.
func (m *model) publicTexts() []string {
	texts := append(toStrings(m.Images), m.ID.ValueString(), m.Name.ValueString())
	for key, value := range toStringMap(m.TagsAll) {
		texts = append(texts, key, value)
	}
	return texts
}

func toSet(values []string) types.Set {
	elements := make([]attr.Value, 0, len(values))
	for _, value := range slices.Compact(slices.Sorted(slices.Values(values))) {
		elements = append(elements, types.StringValue(value))
	}
	return types.SetValueMust(types.StringType, elements)
}

func toMap(values map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(values))
	for key, value := range values {
		elements[key] = types.StringValue(value)
	}
	return types.MapValueMust(types.StringType, elements)
}

func toTags(tags types.Map) []tke.Tag {
	values := toStringMap(tags)
	out := make([]tke.Tag, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		out = append(out, tke.Tag{Key: key, Value: values[key]})
	}
	return out
}

func toTagMap(tags []tke.Tag) types.Map {
	return toMap(tagValues(tags))
}

// keepConfiguredSpelling returns the API's images, keeping the configured spelling of equivalent
// references: nginx may come back as docker.io/library/nginx:latest.
func keepConfiguredSpelling(returned []string, configured types.Set) types.Set {
	spellings := map[string]string{}
	for _, image := range toStrings(configured) {
		spellings[canonicalReference(image)] = image
	}
	if len(spellings) > 0 && sameImages(returned, toStrings(configured)) {
		return configured
	}
	images := slices.Clone(returned)
	for i, image := range images {
		spelling, known := spellings[canonicalReference(image)]
		if known && !slices.Contains(toStrings(configured), image) {
			images[i] = spelling
		}
	}
	return toSet(images)
}

// canonicalReference returns a reference with all defaults written out. A tag counts beside a
// digest too: Pods match by it.
func canonicalReference(image string) string {
	tagged, digest, _ := strings.Cut(image, "@")
	if ref, err := name.ParseReference(tagged); err == nil {
		tagged = ref.Name()
	}
	return tagged + "@" + digest
}

func sameImages(a, b []string) bool {
	canonicals := func(images []string) []string {
		all := make([]string, 0, len(images))
		for _, image := range images {
			all = append(all, canonicalReference(image))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	return slices.Equal(canonicals(a), canonicals(b))
}
