//go:build linux

package main

import "slices"

// products are real content, packed by the programs that people build images with.
func products(cache string) []trialCase {
	base := minimalDebian(cache).recipe()
	learning := debianPackages(cache, debianRelease+"-machine-learning", machineLearning).recipe()
	web := npmModules(cache, "web-modules", webModules).recipe()
	weights := models(41, 4, 256*mib, halfFloats)

	gzip, zstd := withCrane("gz", "pigz", "-c", "-6"), withCrane("zst", "zstd", "-c", "-q", "-3", "-T0")
	application := []recipe{base, learning, weights}
	huge := []recipe{learning, weights, web}
	huge = slices.Concat(huge, huge, huge)
	return []trialCase{
		product("machine learning, BuildKit, gzip", withBuildKit("gzip"), application...),
		product("machine learning, BuildKit, zstd", withBuildKit("zstd"), application...),
		product("machine learning, BuildKit, eStargz", withBuildKit("estargz"), application...),
		product("machine learning, buildah, gzip", withBuildah("gzip"), application...),
		product("machine learning, buildah, zstd", withBuildah("zstd"), application...),
		product("machine learning, buildah, zstd:chunked", withBuildah("zstd:chunked"), application...),
		product("machine learning, skopeo, zstd", withSkopeo("zstd"), application...),
		product("machine learning, umoci", withUmoci, application...),
		product("machine learning, pigz and crane", gzip, application...),
		product("machine learning, zstd and crane", zstd, application...),
		product("machine learning, zstd at level 19 and crane", withCrane("zst", "zstd", "-c", "-q", "-19", "-T0"), base, learning),
		smallProduct("Debian and weights, skopeo, zstd:chunked", withSkopeo("zstd:chunked"), base, models(14, 2, 24*mib, noise)),
		smallProduct("web modules, BuildKit, gzip", withBuildKit("gzip"), base, web),
		smallProduct("web modules, BuildKit, zstd", withBuildKit("zstd"), base, web),
		smallProduct("web modules, skopeo, zstd:chunked", withSkopeo("zstd:chunked"), base, web),
		product("a layer of 5 GiB, skopeo, zstd", withSkopeo("zstd"), composed(learning, web)),
		product("a layer of 12 GiB, pigz and crane", gzip, composed(huge...)),
		product("a layer of 12 GiB, skopeo, zstd", withSkopeo("zstd"), composed(huge...)),
	}
}

func product(title string, produce producer, layers ...recipe) trialCase {
	image := plan{produce: produce}
	for _, tar := range layers {
		image.layers = append(image.layers, &part{tar: tar})
	}
	return trialCase{title: title, real: true, images: []plan{image}}
}

func smallProduct(title string, produce producer, layers ...recipe) trialCase {
	c := product(title, produce, layers...)
	c.small = true
	return c
}
