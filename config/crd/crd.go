// Package crd holds the generated CustomResourceDefinitions within the binary, for whoever judges manifests
// without an API server.
package crd

import "embed"

// Bases are the definitions, one YAML file each, below bases.
//
//go:embed bases/*.yaml
var Bases embed.FS
