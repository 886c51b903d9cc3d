// Package decision explains what /check answers, and why: by which rule of which Role, held by which way, or what
// is nearest to allowing it.
//
// Nothing here matches hosts or paths. The objects of a realm become a directory by the feed's translation, the
// request is made canonical and judged by package policy, as in the service; and which rule it was is found by
// asking the same code about each rule alone. A property test holds Explain against the service itself.
//
// In reading order: realm.go, question.go, explain.go, role.go, rule.go, closest.go, whocan.go.
package decision
