// Package plugin holds the stories of kubectl's plugin, told by a real kubectl: it finds the plugin on PATH, works on a
// real API server with the rights that RBAC gives, and logs in at a real service.
package plugin
