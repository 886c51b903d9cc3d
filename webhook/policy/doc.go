// Package policy answers one question: may somebody who holds these roles make
// this HTTP request?
//
// Read it in the order in which things happen:
//
//   - role.go: what an administrator wrote, Roles with allow-only rules.
//   - compile.go, pattern.go: all Roles of a realm become one immutable Policy.
//     What can't be read grants nothing and is reported.
//   - trie.go, plant.go, share.go: the rules of a Policy, as tables to walk.
//   - grant.go, roleset.go: the names that a user holds become a Grant.
//   - request.go, host.go, and package urlpath: what a proxy described becomes a
//     Request, made canonical once, before any rule sees it.
//   - decide.go: Decide walks the tables with a Grant and a Request.
//
// Beside that road lies kubernetes.go: the rules by which a Role's holders may use the
// API server, which are no part of a Policy and are matched one by one.
//
// Three properties carry the weight:
//
// It fails closed. No rule denies, so none can be forgotten: what doesn't match
// is denied, and so are the zero Grant, the zero Request, and whatever a nil or
// zero Policy grants.
//
// A path has one meaning or none. Where proxy and backends could read a path
// differently (`..`, `//`, `%2f`, `;`, `\` …) it is ambiguous: it is never
// interpreted, and only a rule whose path is exactly `/**`, which allows every
// reading of it, lets it pass.
//
// A decision costs the length of the path, not the number of rules or roles:
// hosts and segments are looked up, and only rules whose wildcards overlap on
// this very path are followed, side by side and without backtracking.
//
// The package is pure: standard library and package urlpath only, no clock, no
// randomness, no locks, no input or output. Everything in it is safe for
// concurrent use.
package policy
