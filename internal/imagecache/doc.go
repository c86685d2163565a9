// Package imagecache is the resource tkeimage_cache (one image cache instance, made, kept and taken
// away), the data sources tkeimage_cache, tkeimage_caches and tkeimage_cache_match, the list
// resource tkeimage_cache for `terraform query`, and the action tkeimage_cache_rebuild.
//
// Of the resource, schema.go and builder_schema.go say what may be written, validate.go checks it,
// model.go owns every conversion between Terraform and the API, with values.go for single values
// and tags.go for the sum of a cache's own tags and the provider's, plan.go decides what a change
// costs (nothing, an update, a new cache), with builder_plan.go for what the API does not return,
// and resource.go is the lifecycle and reads downward as one story. build.go sends what begins a
// build and describes one that failed, interrupt.go is what an interrupted wait leaves in the
// state. import.go and moved.go take over a cache of another origin, takeover.go one whose creation
// was not answered. identity.go knows the region of a cache, retention.go its end, namesakes.go
// what a killed run may have left behind, snapshotter.go why the snapshotter cannot be chosen.
//
// data_model.go is a cache as all data sources return it; each has a file of its own,
// data_source.go, data_source_list.go and data_source_match.go. list_resource.go finds what can be
// adopted, and shares filter.go and filter_schema.go with the list of caches. action.go rebuilds a
// cache, and action_progress.go reports what becomes of that.
package imagecache
