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
	told := cacheModel{
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
		Snapshotter: stringOrNull(
			cache.Snapshotter,
		),
		LastMatchedAt: timeOrNull(cache.LastMatched.Time),
		Tags:          toTagMap(cache.Tags),
		Events:        []eventModel{},
	}
	for _, event := range cache.EventsByTime() {
		told.Events = append(told.Events, eventModel{
			Type: stringOrNull(
				event.Type,
			),
			Reason:  stringOrNull(event.Reason),
			Message: types.StringValue(event.Message),
			FirstAt: timeOrNull(event.First.Time),
			LastAt:  timeOrNull(event.Last.Time),
		})
	}
	return told
}

// cacheAttributes are the attributes of a cache, all of them computed.
func cacheAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":   text("Id of the cache, `imc-…`."),
		"name": text("Name of the cache; empty for some caches that the service created."),
		"images": schema.SetAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "References of the images that the cache holds.",
		},
		"size_gib": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Size of the cache's disk in GiB.",
		},
		"retention_days": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Days after which the service deletes the cache; 0: never.",
		},
		"status":          text(statusDescription),
		"type":            text(typeDescription + " Null when the API does not return it."),
		"snapshot_id":     text("Id of the snapshot that Pods' disks are made from."),
		"snapshotter":     text(snapshotterDescription),
		"created_at":      text("When the cache was created, RFC 3339."),
		"expires_at":      text("When the service deletes the cache, RFC 3339; null when it never expires."),
		"last_matched_at": text("When a Pod last started from the cache, RFC 3339; null when none did."),
		"tags": schema.MapAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Tags of the cache.",
		},
		"pod_annotations": schema.MapAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Annotations for a Pod template that pin its Pods to this cache.",
		},
		"events": schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "Events of the cache's builds as the API returns them, oldest first.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"type":     text("`Normal` or `Warning`."),
				"reason":   text("Reason in one word; its spelling varies."),
				"message":  text("Text of the event, as the service writes it."),
				"first_at": text("Time of the first occurrence, RFC 3339."),
				"last_at":  text("Time of the last occurrence, RFC 3339."),
			}},
		},
	}
}
