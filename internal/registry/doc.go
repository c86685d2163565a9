// Package registry turns an image reference into what its registry says about it: the manifest of
// one platform, the layers in order with their diff and chain ids, each layer's bytes as ranges or
// as one stream, and artifacts that refer to the image.
//
//	Client.Resolve               a reference -> an Image (resolve.go, search.go, assemble.go)
//	Client.Blob                  a layer's bytes, as ranges and streams (blob.go, ranges.go, stream.go)
//	Client.Referrers, .Artifact  what there is beside an image (referrers.go)
//	imageReader                  documents of one image: bounded, verified, kept (imagereader.go)
//
// Requests, credentials and retries are those of the package transport; every error is a
// *failure.Error.
//
// # What is trusted
//
// The user's reference and configuration. Everything that a registry sends is checked: documents
// are bounded and verified against their digests, sizes must add up, a whole layer is verified at
// its end, a range must be the one that was asked for.
//
// go-containerregistry supplies references and the types of manifests.
package registry
