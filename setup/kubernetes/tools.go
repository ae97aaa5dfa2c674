//go:build tools

// Package tools names what is built here: the control plane that tests run manifests against.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
