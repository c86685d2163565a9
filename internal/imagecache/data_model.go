package imagecache

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// cacheModel is a cache as data sources return it: everything in the API's answer except
// credentials.
type cacheModel struct {
	ID             types.String `tfsdk:"id"`
	Name           types.String `tfsdk:"name"`
	Images         types.Set    `tfsdk:"images"`
	SizeGiB        types.Int64  `tfsdk:"size_gib"`
	RetentionDays  types.Int64  `tfsdk:"retention_days"`
	Status         types.String `tfsdk:"status"`
	Type           types.String `tfsdk:"type"`
	SnapshotID     types.String `tfsdk:"snapshot_id"`
	Snapshotter    types.String `tfsdk:"snapshotter"`
	CreatedAt      types.String `tfsdk:"created_at"`
	ExpiresAt      types.String `tfsdk:"expires_at"`
	LastMatchedAt  types.String `tfsdk:"last_matched_at"`
	Tags           types.Map    `tfsdk:"tags"`
	Events         []eventModel `tfsdk:"events"`
	PodAnnotations types.Map    `tfsdk:"pod_annotations"`
}

type eventModel struct {
	Type    types.String `tfsdk:"type"`
	Reason  types.String `tfsdk:"reason"`
	Message types.String `tfsdk:"message"`
	FirstAt types.String `tfsdk:"first_at"`
	LastAt  types.String `tfsdk:"last_at"`
}

func newCacheModel(cache *tke.ImageCache) cacheModel {
	var m model
	m.refreshFromAPI(cache) // one conversion serves resource and data sources
	return cacheModel{
		ID:             m.ID,
		Name:           m.Name,
		Images:         m.Images,
		SizeGiB:        m.SizeGiB,
		RetentionDays:  m.RetentionDays,
		Status:         m.Status,
		Type:           m.Type,
		SnapshotID:     m.SnapshotID,
		CreatedAt:      m.CreatedAt,
		ExpiresAt:      m.ExpiresAt,
		PodAnnotations: m.PodAnnotations,
		Snapshotter:    stringOrNull(cache.Snapshotter),
		LastMatchedAt:  timeOrNull(cache.LastMatched.Time),
		Tags:           toTagMap(cache.Tags),
		Events:         newEventModels(cache),
	}
}

func newEventModels(cache *tke.ImageCache) []eventModel {
	events := []eventModel{}
	for _, event := range cache.EventsByTime() {
		events = append(events, eventModel{
			Type:    stringOrNull(event.Type),
			Reason:  stringOrNull(event.Reason),
			Message: types.StringValue(event.Message),
			FirstAt: timeOrNull(event.First.Time),
			LastAt:  timeOrNull(event.Last.Time),
		})
	}
	return events
}

// cacheAttributes are the attributes of a cache, all of them computed.
func cacheAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":              computedText("Id of the cache, `imc-…`."),
		"name":            computedText("Name of the cache; empty for some caches that the service created."),
		"images":          computedTexts("References of the images that the cache holds."),
		"size_gib":        computedNumber("Size of the cache's disk in GiB."),
		"retention_days":  computedNumber("Days after which the service deletes the cache; 0: never."),
		"status":          computedText(statusDescription),
		"type":            computedText(typeDescription + " Null when the API does not return it."),
		"snapshot_id":     computedText("Id of the snapshot that Pods' disks are made from."),
		"snapshotter":     computedText(snapshotterDescription),
		"created_at":      computedText("When the cache was created, RFC 3339."),
		"expires_at":      computedText("When the service deletes the cache, RFC 3339; null when it never expires."),
		"last_matched_at": computedText("When a Pod last started from the cache, RFC 3339; null when none did."),
		"tags":            computedMap("Tags of the cache."),
		"pod_annotations": computedMap("Annotations for a Pod template that pin its Pods to this cache."),
		"events": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Events of the cache's builds as the API returns them, oldest first.",
			NestedObject:        schema.NestedAttributeObject{Attributes: eventAttributes()},
		},
	}
}

func eventAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"type":     computedText("`Normal` or `Warning`."),
		"reason":   computedText("Reason in one word; its spelling varies."),
		"message":  computedText("Text of the event, as the service writes it."),
		"first_at": computedText("Time of the first occurrence, RFC 3339."),
		"last_at":  computedText("Time of the last occurrence, RFC 3339."),
	}
}

func computedText(description string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func computedNumber(description string) schema.Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
}

func computedTexts(description string) schema.Attribute {
	return schema.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}

func computedMap(description string) schema.Attribute {
	return schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}
