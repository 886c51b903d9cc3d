// Package manifests judges manifests of Latchkey's kinds without an API server: what the API server would refuse,
// what would be admitted and do nothing, and whether the decisions that follow are those that somebody expects.
//
// In reading order: check.go, read.go, schema.go, admit.go, lint.go, expect.go.
package manifests
