// Package imagecache is the resource tkeimage_cache (one image cache instance, made, kept and taken
// away), the data sources tkeimage_cache, tkeimage_caches and tkeimage_cache_match, and the list
// resource tkeimage_cache for `terraform query`.
//
// Of the resource, schema.go says what may be written, model.go owns every conversion between
// Terraform and the API, with values.go for single values, plan.go decides what a change costs
// (nothing, an update, a new cache), and resource.go is the lifecycle and reads downward as one
// story. build.go sends what begins a build and describes one that failed, interrupt.go is what an
// interrupted wait leaves in the state, identity.go knows the region of a cache, retention.go its
// end, namesakes.go what a killed run may have left behind.
//
// data_model.go is a cache as all data sources return it; each has a file of its own,
// data_source.go, data_source_list.go and data_source_match.go. list_resource.go finds what can be
// adopted, and shares filter.go with the list of caches.
package imagecache
