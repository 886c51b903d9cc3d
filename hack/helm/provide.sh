#!/usr/bin/env bash
# Prints the path of Helm: the one on PATH, else one built from its Go module into the user's cache first if need be.
# With --cached it fails instead of building. Progress goes to stderr. Safe to run twice at once: the binary
# appears whole or not at all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if command -v helm; then
	exit
fi

version=$(go list -m -f '{{.Version}}' helm.sh/helm/v4)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey/helm
folder=$cache/$version-$(go env GOOS)-$(go env GOARCH)

if [ "${1:-}" = --cached ]; then
	[ -x "$folder/helm" ] || exit 1
	echo "$folder/helm"
	exit
fi

mkdir -p "$cache"
exec 9>"$folder.lock"
flock 9

if ! [ -x "$folder/helm" ]; then
	printf 'helm: building %s from its Go module (about 3 min, once)\n' "$version" >&2
	fresh=$(mktemp -d "$cache/.fresh-XXXXXX")
	trap 'rm -rf "$fresh"' EXIT
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$fresh/helm" helm.sh/helm/v4/cmd/helm
	chmod 755 "$fresh"
	rm -rf "$folder"
	mv "$fresh" "$folder"
	printf 'helm: ready in %s\n' "$folder" >&2
fi
echo "$folder/helm"
