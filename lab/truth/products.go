//go:build linux

package main

import "slices"

// products are real content, packed by the programs that people build images with.
func products(cache string) []trialCase {
	base := minimalDebian(cache).recipe()
	small := excerpt(debianPackages(cache, debianRelease+"-science", science).recipe(), 320*mib)
	large := debianPackages(cache, debianRelease+"-training", training).recipe()
	web := npmModules(cache, "web-modules", webModules).recipe()
	weights := models(41, 4, 256*mib, halfFloats)

	gzip, zstd := withCrane("gz", "pigz", "-c", "-6"), withCrane("zst", "zstd", "-c", "-q", "-3", "-T0")
	application, little := []recipe{base, small}, []recipe{base, models(14, 2, 24*mib, noise)}
	huge := slices.Repeat([]recipe{large, weights, web}, 3) // 12.5 GiB
	return []trialCase{
		product("science, BuildKit, gzip", withBuildKit("gzip"), application...),
		product("science, BuildKit, zstd", withBuildKit("zstd"), application...),
		product("science, BuildKit, eStargz", withBuildKit("estargz"), application...),
		product("science, buildah, gzip", withBuildah("gzip"), application...),
		product("science, buildah, zstd", withBuildah("zstd"), application...),
		product("science, buildah, zstd:chunked", withBuildah("zstd:chunked"), application...),
		product("science, skopeo, zstd", withSkopeo("zstd"), application...),
		product("science, umoci", withUmoci, application...),
		product("science, pigz and crane", gzip, application...),
		product("science, zstd and crane", zstd, application...),
		product("science, zstd at level 19 and crane", withCrane("zst", "zstd", "-c", "-q", "-19", "-T0"), application...),
		smallProduct("Debian and weights, BuildKit, eStargz", withBuildKit("estargz"), little...),
		smallProduct("Debian and weights, buildah, gzip", withBuildah("gzip"), little...),
		smallProduct("Debian and weights, pigz and crane", gzip, little...),
		smallProduct("Debian and weights, skopeo, zstd:chunked", withSkopeo("zstd:chunked"), little...),
		smallProduct("Debian and weights, umoci", withUmoci, little...),
		smallProduct("Debian and weights, zstd and crane", zstd, little...),
		smallProduct("web modules, BuildKit, gzip", withBuildKit("gzip"), base, web),
		smallProduct("web modules, BuildKit, zstd", withBuildKit("zstd"), base, web),
		smallProduct("web modules, skopeo, zstd:chunked", withSkopeo("zstd:chunked"), base, web),
		product("training, a layer of 4 GiB, BuildKit, zstd", withBuildKit("zstd"), composed(large, weights, web)),
		product("training, a layer of 12 GiB, skopeo, zstd", withSkopeo("zstd"), composed(huge...)),
		packedProduct("training, a layer of 12 GiB, pigz", pigz3, composed(huge...)),
		packedProduct("a model of 12 GiB in bfloat16, zstd", zstd3, models(43, 12, gib, halfFloats)),
		packedProduct("training, two layers of 12 GiB, zstd", zstd3, composed(huge...), composed(huge[1:]...)),
		needing(50, packedProduct("training, two layers of 12 GiB, pigz", pigz3, composed(huge...), composed(huge[1:]...))),
		needing(80, packedProduct("training, three layers of 12 GiB, zstd", zstd3, composed(huge...), composed(huge[1:]...), composed(huge[2:]...))),
	}
}

func product(title string, produce producer, layers ...recipe) trialCase {
	image := plan{produce: produce}
	for _, tar := range layers {
		image.layers = append(image.layers, &part{tar: tar})
	}
	return trialCase{title: title, real: true, images: []plan{image}}
}

// needing is a case for machines that have so much disk free.
func needing(gib int64, c trialCase) trialCase {
	c.freeGiB = gib
	return c
}

// packedProduct has layers that a compressor writes as they are made, so that tars of tens of GiB need no disk of their own.
func packedProduct(title string, pack packing, layers ...recipe) trialCase {
	c := product(title, nil, layers...)
	for _, part := range c.images[0].layers {
		part.pack = pack
	}
	return c
}

func smallProduct(title string, produce producer, layers ...recipe) trialCase {
	c := product(title, produce, layers...)
	c.small = true
	return c
}
