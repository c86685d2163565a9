// Package imagecache is the resource tkeimage_cache: one image cache instance, made, kept and taken away.
//
// schema.go says what may be written, model.go owns every conversion between Terraform and the API, plan.go decides what a
// change costs (nothing, an update, a new cache), resource.go is the lifecycle and reads downward as one story.
package imagecache
