// Package stack runs the product as an installation would, on a control plane of package testenv:
// the real binary, in processes of their own, with the rights that config/rbac gives, and the
// samples. The demo and the end-to-end tests are made of it.
//
//	build.go    the binary
//	kubectl.go  kubectl, as users have it
//	helm.go     Helm, as users have it
//	install.go  rights, the realm, and a kubeconfig for each ServiceAccount
//	samples.go  config/samples, with random passwords
//	server.go   a running latchkey process
package stack
