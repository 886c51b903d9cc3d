// Command kube-apiserver is Kubernetes' own API server, built from its Go module.
package main

import (
	"os"

	_ "time/tzdata" // CronJob time zones validate on hosts without tzdata.

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
