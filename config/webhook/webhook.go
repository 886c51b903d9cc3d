// Package webhook holds within the binary what the API server is to ask. The leader applies it once there is
// somebody to answer, so no kustomization does.
package webhook

import _ "embed"

// Manifest is a ValidatingWebhookConfiguration, for Latchkey in the namespace latchkey and without caBundle.
//
//go:embed manifests.yaml
var Manifest []byte
