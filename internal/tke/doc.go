// Package tke is a typed client of the five image cache actions of Tencent Kubernetes Engine
// (service tke, version 2018-05-25): CreateImageCache, DescribeImageCaches, UpdateImageCache,
// DeleteImageCaches, GetMostSuitableImageCache.
//
// A single call is package cloudapi's. What this package adds, each in one place:
//
//   - create.go: a create that never doubles, although the service takes no client token;
//   - list.go: lists page by page, which are refused where they contradict themselves;
//   - absence.go: what a cache that a list leaves out has to go through before it counts as gone;
//   - byid.go: many readers of single caches share DescribeImageCaches calls;
//   - byname.go: reads by name share them too;
//   - listing.go: a burst of reads is answered from one listing;
//   - wait.go: the one poll loop;
//   - times.go: the service's several spellings of a time.
//
// The package knows nothing of Terraform, and never decodes a registry password that the service
// may return.
package tke
