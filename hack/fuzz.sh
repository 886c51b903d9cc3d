#!/usr/bin/env bash
# Runs every fuzz target of the repository for the given time each (default 1m).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for file in $(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "== $target in $(dirname "$file")"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-1m}" "./$(dirname "$file")"
	done
done
