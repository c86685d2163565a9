//go:build linux

package main

import "slices"

// listProductCases lists real content, packed by the programs that people build images with.
func listProductCases(cache string) []trialCase {
	base := minimalDebian(cache).asRecipe()
	small := takeExcerpt(debianPackages(cache, debianRelease+"-science", science).asRecipe(), 320*mib)
	large := debianPackages(cache, debianRelease+"-training", training).asRecipe()
	web := npmModules(cache, "web-modules", webModules).asRecipe()
	weights := makeModels(41, 4, 256*mib, halfFloats)

	gzip, zstd := withCrane("gz", "pigz", "-c", "-6"), withCrane("zst", "zstd", "-c", "-q", "-3", "-T0")
	zstd19 := withCrane("zst", "zstd", "-c", "-q", "-19", "-T0")
	application, little := []recipe{base, small}, []recipe{base, makeModels(14, 2, 24*mib, noise)}
	huge := slices.Repeat([]recipe{large, weights, web}, 3) // 12.5 GiB
	return []trialCase{
		newProductCase("science, BuildKit, gzip", withBuildKit("gzip"), application...),
		newProductCase("science, BuildKit, zstd", withBuildKit("zstd"), application...),
		newProductCase("science, BuildKit, eStargz", withBuildKit("estargz"), application...),
		newProductCase("science, buildah, gzip", withBuildah("gzip"), application...),
		newProductCase("science, buildah, zstd", withBuildah("zstd"), application...),
		newProductCase("science, buildah, zstd:chunked", withBuildah("zstd:chunked"), application...),
		newProductCase("science, skopeo, zstd", withSkopeo("zstd"), application...),
		newProductCase("science, umoci", withUmoci, application...),
		newProductCase("science, pigz and crane", gzip, application...),
		newProductCase("science, zstd and crane", zstd, application...),
		newProductCase("science, zstd at level 19 and crane", zstd19, application...),
		newSmallProductCase("Debian and weights, BuildKit, eStargz", withBuildKit("estargz"), little...),
		newSmallProductCase("Debian and weights, buildah, gzip", withBuildah("gzip"), little...),
		newSmallProductCase("Debian and weights, pigz and crane", gzip, little...),
		newSmallProductCase("Debian and weights, skopeo, zstd:chunked", withSkopeo("zstd:chunked"), little...),
		newSmallProductCase("Debian and weights, umoci", withUmoci, little...),
		newSmallProductCase("Debian and weights, zstd and crane", zstd, little...),
		newSmallProductCase("web modules, BuildKit, gzip", withBuildKit("gzip"), base, web),
		newSmallProductCase("web modules, BuildKit, zstd", withBuildKit("zstd"), base, web),
		newSmallProductCase("web modules, skopeo, zstd:chunked", withSkopeo("zstd:chunked"), base, web),
		newProductCase(
			"training, a layer of 4 GiB, BuildKit, zstd", withBuildKit("zstd"), composeTrees(large, weights, web),
		),
		newProductCase("training, a layer of 12 GiB, skopeo, zstd", withSkopeo("zstd"), composeTrees(huge...)),
		newPackedProductCase("training, a layer of 12 GiB, pigz", pigz3, composeTrees(huge...)),
		newPackedProductCase("a model of 12 GiB in bfloat16, zstd", zstd3, makeModels(43, 12, gib, halfFloats)),
		newPackedProductCase(
			"training, two layers of 12 GiB, zstd", zstd3, composeTrees(huge...), composeTrees(huge[1:]...),
		),
		requireFreeDisk(50, newPackedProductCase(
			"training, two layers of 12 GiB, pigz", pigz3, composeTrees(huge...), composeTrees(huge[1:]...),
		)),
		requireFreeDisk(80, newPackedProductCase(
			"training, three layers of 12 GiB, zstd", zstd3,
			composeTrees(huge...), composeTrees(huge[1:]...), composeTrees(huge[2:]...),
		)),
	}
}

// newProductCase returns a case of one image that a producer builds.
func newProductCase(title string, produce producer, layers ...recipe) trialCase {
	image := imagePlan{produce: produce}
	for _, tar := range layers {
		image.layers = append(image.layers, &part{tar: tar})
	}
	return trialCase{title: title, real: true, images: []imagePlan{image}}
}

// requireFreeDisk limits a case to machines with so many GiB of disk free.
func requireFreeDisk(gib int64, c trialCase) trialCase {
	c.freeGiB = gib
	return c
}

// newPackedProductCase returns a case whose layers a compressor writes as they are made, so that
// tars of tens of GiB need no disk of their own.
func newPackedProductCase(title string, pack packing, layers ...recipe) trialCase {
	c := newProductCase(title, nil, layers...)
	for _, part := range c.images[0].layers {
		part.pack = pack
	}
	return c
}

// newSmallProductCase returns one that is small.
func newSmallProductCase(title string, produce producer, layers ...recipe) trialCase {
	c := newProductCase(title, produce, layers...)
	c.small = true
	return c
}
