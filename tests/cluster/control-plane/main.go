// Command control-plane is a whole Kubernetes control plane in one program: etcd, kube-apiserver and
// kube-controller-manager as subcommands, and "run", which starts them as its children
// with certificates and kubeconfigs of its own making and offers a port to disturb them through.
//
// One program, because one link and one set of shared packages is the shortest cold build.
package main

import (
	"fmt"
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

const usage = `usage: control-plane run [flags]        start a control plane (see "run --help")
       control-plane etcd|kube-apiserver|kube-controller-manager [arguments]
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	// Each program parses os.Args itself and must find its own name in front.
	os.Args = os.Args[1:]
	switch os.Args[0] {
	case "run":
		os.Exit(run(os.Args[1:]))
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	default:
		fmt.Fprintf(os.Stderr, "control-plane: unknown subcommand %q\n%s", os.Args[0], usage)
		os.Exit(2)
	}
}
