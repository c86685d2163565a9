// Package tketest is a stateful stand-in for the image cache actions of Tencent Cloud's TKE
// (service tke, version 2018-05-25): an HTTP server that tests and the demonstration run against.
// It is written from what is published about the service, never from the client that is tested with
// it.
//
// # What it is strict about
//
// Requests are signed (TC3-HMAC-SHA256, five minutes of skew at most), name a known action, version
// and region, and carry exactly the fields that the action has, in their JSON types. Each action
// takes 20 requests a second. Errors arrive as HTTP 200. VPC, subnet, security groups, EIP,
// registry lists and DNS are accepted and never returned again. Times are written in the service's
// five forms, which vary between caches and between the fields of one cache; the order of events
// and the case of their reasons vary too.
//
// # The life of a cache
//
//	CreateImageCache ──> Pending ──┬──> Ready ───────┬──> Updating ──┬──> Ready
//	                               └──> Failed       │               └──> UpdateFailed
//	                                                 └── UpdateImageCache takes Ready and UpdateFailed only
//
// A build goes as the service's does: a disk and an instance are made, the images are pulled, a
// snapshot is taken, and instance and disk go. The pull is real: the [Builder] that a server has by
// default fetches the images from the registry that the cache names, with the cache's credentials,
// reads every layer, and fails the build when they cannot be obtained or would not fit an ext4 disk
// of the cache's size. [InstantBuilder] is for tests of the life cycle alone.
//
// # What a test can do to it
//
// [Server.Inject] makes calls fail, wait, be throttled, lose their connection or their answer.
// [Server.Put], [Server.Modify], [Server.Fail] and [Server.Delete] are the world changing behind
// the client's back. [Server.Requests] and [Server.Calls] record what was requested, so that a test
// can also check what was not. [Unconfirmed] decides points on which nothing is published: its zero
// value is the documented assumption, and each field is the other way that the service may behave.
//
// # What it does not do
//
// It takes POST requests only, has one account, and knows no quota but [Unconfirmed.Quota]. It has
// no network of its own: a VPC without a route to the registry is played with [Server.Fail].
package tketest
