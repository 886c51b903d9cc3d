#!/usr/bin/env bash
# Prints the path of a Caddy binary, building it from its Go module into the user's cache first if need be.
# With --cached it fails instead of building. Progress goes to stderr. Safe to run twice at once: the binary
# appears whole or not at all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

version=$(go list -m -f '{{.Version}}' github.com/caddyserver/caddy/v2)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey/caddy
folder=$cache/$version-$(go env GOOS)-$(go env GOARCH)

if [ "${1:-}" = --cached ]; then
	[ -x "$folder/caddy" ] || exit 1
	echo "$folder/caddy"
	exit
fi

mkdir -p "$cache"
exec 9>"$folder.lock"
flock 9

if ! [ -x "$folder/caddy" ]; then
	printf 'caddy: building %s from its Go module (about 3 min, once)\n' "$version" >&2
	fresh=$(mktemp -d "$cache/.fresh-XXXXXX")
	trap 'rm -rf "$fresh"' EXIT
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$fresh/caddy" .
	chmod 755 "$fresh"
	rm -rf "$folder"
	mv "$fresh" "$folder"
	printf 'caddy: ready in %s\n' "$folder" >&2
fi
echo "$folder/caddy"
