#!/usr/bin/env bash
# Prints the folder that holds kube-apiserver and etcd (and kubectl, where PATH has none), filling it first if need be:
# KUBEBUILDER_ASSETS as it is, else the user's cache, else setup-envtest's download, else a build from Go modules.
# Progress goes to stderr. Safe to run twice at once: a folder appears whole or not at all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf 'controlplane: %s\n' "$*" >&2; }
whole() { [ -x "$1/kube-apiserver" ] && [ -x "$1/etcd" ] && { [ -x "$1/kubectl" ] || command -v kubectl >/dev/null; }; }

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
	whole "$KUBEBUILDER_ASSETS" || { say "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks kube-apiserver, etcd or kubectl: unset it or fill it"; exit 1; }
	echo "$KUBEBUILDER_ASSETS"
	exit
fi

version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey/controlplane
assets=$cache/$version-$(go env GOOS)-$(go env GOARCH)
mkdir -p "$cache"
exec 9>"$assets.lock"
flock 9

if whole "$assets"; then
	echo "$assets"
	exit
fi

# A download takes seconds where the network has one, and says no at once where it doesn't.
download() {
	timeout 120 go tool -modfile=../tools/go.mod setup-envtest use "${version#v}" --bin-dir "$cache/envtest" -p path 2>"$cache/download.log"
}

build() {
	local dir=$1 name=$2 package=$3 flags
	say "building $name $version from Go modules (about 5 min for all, once)"
	flags="-s -w"
	for v in component-base/version client-go/pkg/version; do
		flags+=" -X k8s.io/$v.gitVersion=$version -X k8s.io/$v.gitMajor=1 -X k8s.io/$v.gitMinor=$(cut -d. -f2 <<<"$version")"
	done
	CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$dir/$name" "$package"
}

fresh=$(mktemp -d "$cache/.fresh-XXXXXX")
trap 'rm -rf "$fresh"' EXIT
if downloaded=$(download); then
	say "using setup-envtest's download"
	cp "$downloaded"/* "$fresh/"
else
	say "no download to be had ($(tail -n 1 "$cache/download.log"))"
	build "$fresh" etcd ./etcd
	build "$fresh" kube-apiserver ./kube-apiserver
	command -v kubectl >/dev/null || build "$fresh" kubectl ./kubectl
fi
chmod 755 "$fresh"
rm -rf "$assets"
mv "$fresh" "$assets"
say "ready in $assets"
echo "$assets"
