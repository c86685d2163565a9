//go:build linux

package main

import "slices"

// products are real content, packed by the programs that people build images with.
func products(cache string) []trialCase {
	base := minimalDebian(cache).recipe()
	small := debianPackages(cache, debianRelease+"-inference", inference).recipe()
	large := debianPackages(cache, debianRelease+"-training", training).recipe()
	web := npmModules(cache, "web-modules", webModules).recipe()
	weights := models(41, 4, 256*mib, halfFloats)

	gzip, zstd := withCrane("gz", "pigz", "-c", "-6"), withCrane("zst", "zstd", "-c", "-q", "-3", "-T0")
	application := []recipe{base, small, models(42, 1, 192*mib, halfFloats)}
	huge := slices.Repeat([]recipe{large, weights, web}, 3) // 12.5 GiB
	return []trialCase{
		product("inference, BuildKit, gzip", withBuildKit("gzip"), application...),
		product("inference, BuildKit, zstd", withBuildKit("zstd"), application...),
		product("inference, BuildKit, eStargz", withBuildKit("estargz"), application...),
		product("inference, buildah, gzip", withBuildah("gzip"), application...),
		product("inference, buildah, zstd", withBuildah("zstd"), application...),
		product("inference, buildah, zstd:chunked", withBuildah("zstd:chunked"), application...),
		product("inference, skopeo, gzip", withSkopeo("gzip"), application...),
		product("inference, skopeo, zstd", withSkopeo("zstd"), application...),
		product("inference, umoci", withUmoci, application...),
		product("inference, pigz and crane", gzip, application...),
		product("inference, zstd and crane", zstd, application...),
		product("inference, zstd at level 19 and crane", withCrane("zst", "zstd", "-c", "-q", "-19", "-T0"), base, small),
		smallProduct("Debian and weights, skopeo, zstd:chunked", withSkopeo("zstd:chunked"), base, models(14, 2, 24*mib, noise)),
		smallProduct("web modules, BuildKit, gzip", withBuildKit("gzip"), base, web),
		smallProduct("web modules, BuildKit, zstd", withBuildKit("zstd"), base, web),
		smallProduct("web modules, skopeo, zstd:chunked", withSkopeo("zstd:chunked"), base, web),
		product("training, a layer of 4 GiB, BuildKit, zstd", withBuildKit("zstd"), composed(large, weights, web)),
		product("training, a layer of 12 GiB, pigz and crane", gzip, composed(huge...)),
		product("training, a layer of 12 GiB, skopeo, zstd", withSkopeo("zstd"), composed(huge...)),
		product("training, layers of 12 and 4 GiB, zstd and crane", zstd, composed(huge...), composed(large, weights, web)),
		needing(60, product("training, three layers of 12 GiB, zstd and crane", zstd, composed(huge...), composed(huge[1:]...), composed(huge[2:]...))),
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

func smallProduct(title string, produce producer, layers ...recipe) trialCase {
	c := product(title, produce, layers...)
	c.small = true
	return c
}
