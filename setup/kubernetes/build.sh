#!/bin/sh
# Builds kube-apiserver and etcd from the Go modules pinned in go.mod and go.sum, for tests against a real API server.
# The folder to build into is the only argument; set KUBEBUILDER_ASSETS to it afterwards.
set -eu
into=${1:?usage: build.sh FOLDER}
mkdir -p "$into"
into=$(cd "$into" && pwd)
cd "$(dirname "$0")"
command -v go >/dev/null || { echo "go is not on PATH: https://go.dev/doc/install, 1.24 or later" >&2; exit 3; }
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
of=k8s.io/component-base/version
minor=${version#v1.}
# without its version in it, clients cannot compare themselves with the server
flags="-s -w -X $of.gitVersion=$version -X $of.gitMajor=1 -X $of.gitMinor=${minor%%.*}"
export CGO_ENABLED=0
go build -mod=readonly -trimpath -ldflags "$flags" -o "$into/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver
go build -mod=readonly -trimpath -ldflags "-s -w" -o "$into/etcd" go.etcd.io/etcd/server/v3
echo "built kube-apiserver $version and etcd $(go list -m -f '{{.Version}}' go.etcd.io/etcd/server/v3) in $into"
