// Package webhook holds the ValidatingWebhookConfiguration within the binary, for the leader who applies it.
package webhook

import _ "embed"

// Manifest is the configuration for the namespace latchkey, without a caBundle.
//
//go:embed manifests.yaml
var Manifest []byte
