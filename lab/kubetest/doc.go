// Package kubetest starts a real Kubernetes control plane on loopback: etcd, the API server, and of
// the controllers those that roll Deployments out. Instead of nodes there is one stand-in for super
// nodes, which runs nothing and says that every Pod is ready.
//
// The programs are built from their modules by `make lab-control-plane`. Start serves a test, Run a
// program.
package kubetest
