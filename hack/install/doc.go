// Package install holds no code, but the test that Latchkey can be installed as its documentation says. There is
// no kubelet, so the test plays it: what is rendered goes to a real API server with RBAC on, and each Deployment there
// becomes a process of the real binary, with the arguments, variables and files that its container would have.
//
//	node_test.go      starts processes for Deployments, as a kubelet would
//	volume_test.go    what a kubelet mounts
//	commands_test.go  the commands of docs/install.md, as readers run them
//	install_test.go   the whole story, by Helm and by kustomize
package install
